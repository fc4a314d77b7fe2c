"""One node: its disk, its clock, its services and its links. It runs the use cases themselves; here is only what a process is."""

from contextlib import contextmanager
from dataclasses import fields
from datetime import timedelta

from bluepacific.exchange.v1 import link_service_pb2, recovery_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.usecases import bells
from bp_exchange.usecases.accepting import store
from bp_exchange.usecases.checking import check_items
from bp_exchange.usecases.delivering import acknowledge, report
from bp_exchange.usecases.recovering import SERVICE as EXCHANGE
from bp_exchange.usecases.recovering import announce, recover
from bp_exchange.usecases.sending import send
from bp_exchange.usecases.setting_aside import retry
from bp_exchange.usecases.settling import cut_off, sweep
from bp_exchange.usecases.work import Work
from bp_kit.errors import Refused
from tests.simulation import ports
from tests.simulation.files import Disk
from tests.simulation.members import CENTRE, Keeper, keys_of, unit_of
from tests.simulation.messages import effect_of
from tests.simulation.store import DiskFullError, State
from tests.simulation.world import run

SERVICE = "cooperation"
BACKUPS_KEPT = 3
_STATES = topics_pb2.DeliveryState
_PARTS = [one.name for one in fields(Work)]


class Node:
    """A node.

    Args:
        world: Where it is.
        node_id: Who it is.
        register: What it believes at first.
        ledger: Where it is written down what was promised to services.
        rules: What is changed in it on purpose; none in an honest node.

    Attributes:
        state: What is on its disk: the newest commit.
        links: Open ends, by peer.
        ahead: Its clock's error.
        is_serving: A delivery is with its service.
    """

    def __init__(self, world, node_id, register, ledger, rules):
        self.world = world
        self.node_id = node_id
        self.keys = keys_of(node_id)
        self.register = Keeper(node_id, register)
        self.ledger = ledger
        self.rules = rules
        self.state = State(incarnation=world.new_id())
        self.disk = Disk()
        self.links = {}
        self.is_up = True
        self.has_space = True
        self.serves = True
        self.ahead = timedelta(0)
        self.backups = []
        self.heads = []
        self.is_serving = False
        self._life = 0

    def clock(self):
        return self.world.true_time + self.ahead

    def tell(self, what, *details):
        self.world.tell(self.node_id, what, *details)

    # Transactions.

    @contextmanager
    def transaction(self):
        """Gives a copy to work on; it becomes the node's state at the end, all of it or, on a full disk, nothing.

        Raises:
            DiskFullError: There is no space.
        """
        state, rung = self.state.copy(), set()
        yield self.work(state, rung)
        if not self.has_space:
            raise DiskFullError
        self.state = state
        self.ring(rung)

    def work(self, state, rung):
        parts = {
            "envelopes": ports.Envelopes(state),
            "ladder": ports.Ladder(state),
            "receipts": ports.Receipts(state),
            "queue": ports.Queue(state),
            "deliveries": ports.Deliveries(state),
            "files": ports.Files(state),
            "journal": ports.Journal(state),
            "batches": ports.Batches(),
            "keys": self.keys,
            "directory": self.register.directory,
            "ring": rung.add,
            "clock": self.clock,
            "ids": self.world.new_id,
            "random": self.world.chance.randbytes,
        }
        # What is not here is asked for by nothing that is simulated: enrolment, and the second version's envelopes.
        return self.rules.work(Work(**{one: parts.get(one) for one in _PARTS}), state)

    def ring(self, rung):
        for name in sorted(rung):
            kind, _, rest = name.partition(":")
            if kind == "queue" and rest in self.links:
                self.links[rest].happens("queued")
            elif kind == "files" and rest in self.links:
                self.links[rest].happens("file_awaited")
            elif name == bells.FILES:
                for peer in sorted(self.links):
                    self.links[peer].happens("file_here")
            elif kind == "deliveries":
                self.serve()

    # What people and services do.

    def send(self, message, files):
        """Hands a message in, as an outbox does: again until it is taken, or refused for good."""
        if not self.is_up:
            self.world.after(self.world.chance.uniform(1, 30), self.send, message, files)
            return
        if any(one.digest not in self.disk.own for one in message.blobs):
            # The node went back to a backup from before the file.
            self.ledger.refused(message, "INVALID_FIELD")
            return
        try:
            with self.transaction() as work:
                run(send(work, message, files, ""))
        except DiskFullError:
            self.tell("disk full while sending", message.message_id[-6:])
            self.world.after(self.world.chance.uniform(1, 30), self.send, message, files)
        except Refused as refused:
            self.ledger.refused(message, refused.reason)
        else:
            self.ledger.promised(self, message, files)

    def serve(self):
        """Has the service look for what waits for it."""
        if not self.is_serving and self.is_up and self.serves:
            self.is_serving = True
            self.world.after(self.world.chance.uniform(0, 0.05), self._serve, self._life)

    def _serve(self, life):
        if life != self._life:
            return
        self.is_serving = False
        now = self.clock()
        waiting = (one for one in self.state.deliveries.values() if not (one.expire_time and one.expire_time <= now))
        record = next(waiting, None)
        if record is None or not self.serves:
            return
        delivery = topics_pb2.Delivery.FromString(record.content)
        self.is_serving = True
        try:
            if record.service == EXCHANGE:
                self._recover(delivery.message)
            else:
                self._take_effect(delivery)
        except DiskFullError:
            self.world.after(self.world.chance.uniform(1, 10), self._serve, life)
            return
        # A crash may come between the effect and its acknowledgement.
        pause = self.world.chance.choice((0.01, 0.01, 0.01, 0.01, 20)) * self.world.chance.random()
        self.world.after(pause, self._acknowledge, life, record)

    def _take_effect(self, delivery):
        state = self.state.copy()
        if delivery.delivery_id in state.inbox and self.rules.keeps_inbox:
            return
        state.inbox[delivery.delivery_id] = True
        if delivery.HasField("message"):
            state.effects.append(effect_of(delivery.message))
            self.tell("effect", delivery.message.message_id[-6:])
        else:
            state.heard.append((delivery.receipt.message_id, delivery.receipt.recipient, delivery.receipt.state))
        if not self.has_space:
            raise DiskFullError
        self.state = state

    def _recover(self, message):
        """Takes what another exchange tells of a restore, as the exchange's own worker does."""
        recovery = recovery_pb2.Recovery.FromString(message.payload)
        sender = self.register.directory.node_of(message.author).node_id
        self.tell("hears of a loss at", sender, f"{len(recovery.envelopes)} envelopes")
        peer = self.register.directory.next_hop(self.node_id, sender)
        items = [link_service_pb2.Item(position=at, envelope=raw) for at, raw in enumerate(recovery.envelopes)]
        checked = check_items(items, peer=peer, directory=self.register.directory, keys=self.keys)
        if checked.envelopes:
            with self.transaction() as work:
                run(store(work, peer, checked))
        with self.transaction() as work:
            run(recover(work, ports.Past(self.state_of(work), self.node_id), sender, recovery))

    def _acknowledge(self, life, record):
        if life != self._life:
            return
        try:
            with self.transaction() as work:
                run(acknowledge(work, record.service, record.delivery_id, ""))
        except DiskFullError:
            self.world.after(self.world.chance.uniform(1, 10), self._acknowledge, life, record)
            return
        self.is_serving = False
        if record.envelope_id and record.service == SERVICE and self.world.odds(0.1):
            self._report(record.envelope_id)
        self.serve()

    def _report(self, message_id):
        state = self.world.chance.choice((_STATES.DELIVERY_STATE_OPENED, _STATES.DELIVERY_STATE_ACTIONED))
        request = topics_pb2.ReportRequest(message_id=message_id, recipient=unit_of(self.node_id), state=state)
        try:
            with self.transaction() as work:
                run(report(work, request))
        except (DiskFullError, Refused):
            return

    def sweep(self):
        """Ends what has expired, as the node's sweeper does."""
        if self.is_up:
            try:
                with self.transaction() as work:
                    run(sweep(work))
            except DiskFullError:
                return

    def retry(self):
        """A person puts back what was set aside."""
        for peer in sorted({row.item.peer for row in self.state.queue.values() if row.set_aside}):
            self.tell("link retry", peer)
            with self.transaction() as work:
                run(retry(work, ports.Lanes(self.state_of(work)), peer, ""))

    @staticmethod
    def state_of(work):
        return work.queue._state

    def believe(self, current):
        """Makes a register the current one, as the register's watch does."""
        if current.version <= self.register.current.version:
            return
        self.register.keep(current)
        self.cut_off()
        for peer in sorted(self.links):
            self.links[peer].happens("register_changed")

    def cut_off(self):
        try:
            with self.transaction() as work:
                run(cut_off(work))
        except DiskFullError:
            self.world.after(5, self.cut_off)

    # What becomes of the machine.

    def crash(self):
        """Loses what was not committed, and every link without a word."""
        self.tell("crashes")
        self.is_up = False
        self._life += 1
        self.is_serving = False
        self.disk.lose_unsynced(self.world.chance)
        for end in list(self.links.values()):
            end.vanish()

    def start(self):
        self.tell("starts")
        self.is_up = True
        self.announce(self._life)
        self.serve()

    def announce(self, life):
        """Tells the others of a restore, if there was one."""
        if life == self._life and self.state.is_restored:
            try:
                with self.transaction() as work:
                    run(announce(work, ports.Past(self.state_of(work), self.node_id)))
            except DiskFullError:
                self.world.after(5, self.announce, life)

    def back_up(self):
        self.backups = [*self.backups[1 - BACKUPS_KEPT :], (self.world.now, self.state, self.disk.copy())]

    def restore(self):
        """Goes back to an older backup under a new incarnation, as `bluepacific node restore` does."""
        taken, state, disk = self.world.chance.choice(self.backups)
        self.crash()
        self.tell("is restored from", f"{taken:.1f}")
        self.state = state.copy()
        self.state.incarnation = self.world.new_id()
        self.state.sequence = 0
        self.state.is_restored = True
        self.disk = disk.copy()
        self.heads = []
        self.backups = [one for one in self.backups if one[0] <= taken]
        self.ledger.restored(self, taken)

    def note_head(self):
        """Remembers the log's head, as a peer does that was given it."""
        self.heads.append((self.state.edge.size, self.state.edge.root()))

    @property
    def peers(self):
        if self.node_id != CENTRE:
            return [CENTRE]
        return [one for one in self.register.directory.nodes if one != CENTRE]
