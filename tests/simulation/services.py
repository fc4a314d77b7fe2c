"""A node's services: what is delivered takes effect there, once, and is acknowledged; the exchange's own takes news of restores."""

from bluepacific.exchange.v1 import link_service_pb2, recovery_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.usecases.accepting import store
from bp_exchange.usecases.delivering import acknowledge, report
from bp_exchange.usecases.recovering import SERVICE as EXCHANGE
from bp_exchange.usecases.recovering import recover
from bp_kit.errors import Refused
from tests.simulation import ports
from tests.simulation.members import unit_of
from tests.simulation.messages import effect_of
from tests.simulation.store import DiskFullError
from tests.simulation.world import run

SERVICE = "cooperation"
_STATES = topics_pb2.DeliveryState


class Services:
    """The services of one node.

    Args:
        node: Which.

    Attributes:
        serves: They run.
        is_serving: A delivery is with its service.
    """

    def __init__(self, node):
        self.node = node
        self.world = node.world
        self.serves = True
        self.is_serving = False

    def lose(self):
        """The machine has crashed."""
        self.is_serving = False

    def serve(self):
        """Has the service look for what waits for it."""
        if not self.is_serving and self.node.is_up and self.serves:
            self.is_serving = True
            self.world.after(self.world.chance.uniform(0, 0.05), self._serve, self.node.life)

    def _serve(self, life):
        if life != self.node.life:
            return
        self.is_serving = False
        now = self.node.clock()
        waiting = (
            one for one in self.node.state.deliveries.values() if not (one.expire_time and one.expire_time <= now)
        )
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
        state = self.node.state
        if delivery.delivery_id in state.inbox and self.node.rules.keeps_inbox:
            return
        self.node.write()
        state.inbox[delivery.delivery_id] = True
        if delivery.HasField("message"):
            state.effects.append(effect_of(delivery.message))
            self.node.tell("effect", delivery.message.message_id[-6:])
        else:
            state.heard.append((delivery.receipt.message_id, delivery.receipt.recipient, delivery.receipt.state))

    def _recover(self, message):
        """Takes what another exchange tells of a restore, as the exchange's own worker does."""
        recovery = recovery_pb2.Recovery.FromString(message.payload)
        sender = self.node.register.directory.node_of(message.author).node_id
        self.node.tell("hears of a loss at", sender, f"{len(recovery.envelopes)} envelopes")
        peer = self.node.register.directory.next_hop(self.node.node_id, sender)
        items = [link_service_pb2.Item(position=at, envelope=raw) for at, raw in enumerate(recovery.envelopes)]
        checked = self.node.release.check(items, peer)
        if checked.holds_anything:
            with self.node.transaction() as work:
                run(store(work, peer, checked))
        with self.node.transaction() as work:
            run(recover(work, ports.Past(self.node.state_of(work), self.node.node_id), sender, recovery))

    def _acknowledge(self, life, record):
        if life != self.node.life:
            return
        try:
            with self.node.transaction() as work:
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
        request = topics_pb2.ReportRequest(message_id=message_id, recipient=unit_of(self.node.node_id), state=state)
        try:
            with self.node.transaction(refusable=True) as work:
                run(report(work, request))
        except (DiskFullError, Refused):
            return
