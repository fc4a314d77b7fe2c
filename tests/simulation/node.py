"""One node: its disk, its clock, its services and its links. It runs the use cases themselves; here is only what a process is."""

from contextlib import contextmanager
from dataclasses import fields
from datetime import timedelta

from bp_exchange.usecases import bells
from bp_exchange.usecases.recovering import announce
from bp_exchange.usecases.sending import send
from bp_exchange.usecases.setting_aside import retry
from bp_exchange.usecases.settling import cut_off, sweep
from bp_exchange.usecases.work import Work
from bp_kit.errors import Refused
from tests.simulation import ports, queues
from tests.simulation.files import Disk
from tests.simulation.members import CENTRE, Keeper, keys_of
from tests.simulation.releases import NEWEST, Release
from tests.simulation.services import Services
from tests.simulation.store import DiskFullError, State
from tests.simulation.world import run

BACKUPS_KEPT = 3
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
        release: The program that runs there.
        services: Who takes what is delivered.
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
        self.ahead = timedelta(0)
        self.backups = []
        self.heads = []
        self.release = Release(self, NEWEST)
        self.services = Services(self)
        self.life = 0
        self._work, self._rung = None, set()

    def clock(self):
        return self.world.true_time + self.ahead

    def tell(self, what, *details):
        self.world.tell(self.node_id, what, *details)

    # Transactions.

    @contextmanager
    def transaction(self, *, refusable=False):
        """Gives the node's state to work on; on a full disk, and where it is broken off, it stays as it was.

        Raises:
            DiskFullError: There is no space.
        """
        before = None if self.has_space and not refusable else self.state.copy()
        try:
            yield self.rules.work(self.work(), self.state)
            self.write()
        except (DiskFullError, Refused):
            self.state = before
            raise
        finally:
            rung, self._rung = self._rung, set()
        self.ring(rung)

    def write(self):
        """Sees that there is space.

        Raises:
            DiskFullError: There is none.
        """
        if not self.has_space:
            raise DiskFullError

    def work(self):
        """Returns the parts of a transaction; the same ones as long as they work on the same state and register."""
        state, directory = self.state, self.register.directory
        if self._work is None or self.state_of(self._work) is not state or self._work.directory is not directory:
            self._work = self._made(state, directory)
        return self._work

    def _made(self, state, directory):
        parts = {
            "envelopes": ports.Envelopes(state),
            "ladder": ports.Ladder(state),
            "receipts": ports.Receipts(state),
            "queue": queues.Queue(state),
            "deliveries": ports.Deliveries(state),
            "files": ports.Files(state),
            "journal": ports.Journal(state),
            "contents": ports.Contents(state),
            "batches": ports.Batches(state),
            "epochs": ports.Epochs(state),
            "keys": self.keys,
            "directory": directory,
            "ring": self._ring,
            "clock": self.clock,
            "ids": self.world.new_id,
            "random": self.world.chance.randbytes,
        }
        # What is not here is asked for by enrolment only, which is not simulated.
        return Work(**{one: parts.get(one) for one in _PARTS})

    def _ring(self, bell):
        self._rung.add(bell)

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
                self.services.serve()

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
            with self.transaction(refusable=True) as work:
                run(send(work, message, files, ""))
        except DiskFullError:
            self.tell("disk full while sending", message.message_id[-6:])
            self.world.after(self.world.chance.uniform(1, 30), self.send, message, files)
        except Refused as refused:
            self.ledger.refused(message, refused.reason)
        else:
            self.ledger.promised(self, message, files)

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
                run(retry(work, queues.Lanes(self.state_of(work)), peer, ""))

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
        self.life += 1
        self.services.lose()
        self.disk.lose_unsynced(self.world.chance)
        for end in list(self.links.values()):
            end.vanish()

    def start(self):
        self.tell("starts")
        self.is_up = True
        self.announce(self.life)
        self.services.serve()

    def announce(self, life):
        """Tells the others of a restore, if there was one."""
        if life == self.life and self.state.is_restored:
            try:
                with self.transaction() as work:
                    run(announce(work, ports.Past(self.state_of(work), self.node_id)))
            except DiskFullError:
                self.world.after(5, self.announce, life)

    def back_up(self):
        self.backups = [*self.backups[1 - BACKUPS_KEPT :], (self.world.now, self.state.copy(), self.disk.copy())]

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
