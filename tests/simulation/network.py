"""A network under a schedule: who takes part, what is sent, what goes wrong, and how it ends once all is mended."""

from tests.simulation import checks, faults, hostile, hostile_relay, media, releases
from tests.simulation.cable import Cable, End
from tests.simulation.ledger import Ledger
from tests.simulation.members import CENTRE, node_ids, register_of
from tests.simulation.node import Node
from tests.simulation.traffic import plan_traffic
from tests.simulation.world import World

_SETTLE_SECONDS = 3 * 3600
_HOSTILE_SETTLE_SECONDS = 1200
_LOOK_SECONDS = 20
_FIRST_REDIAL, _LONGEST_REDIAL = 0.5, 60


class Network:
    """A simulated network.

    Args:
        schedule: What is to happen.
        tell: Takes the story's lines.
        rules: What is changed in the nodes on purpose.
    """

    def __init__(self, schedule, tell, rules):
        self.schedule = schedule
        self.world = World(schedule.seed, tell)
        self.ledger = Ledger()
        self.rules = rules
        ids = node_ids(schedule.countries)
        self.revoked, self.newer = (), tuple(one for one in ids if one not in schedule.first_release)
        self.register = register_of(tuple(ids), newer=self.newer)
        self.nodes = {one: self._node(one) for one in ids}
        self.centre = self.nodes[CENTRE]
        self.cables = []
        self.apart = set()
        self.failures = dict.fromkeys(ids, 0)
        self.hostile = hostile.Peer(self, ids[-1]) if schedule.hostile_peer else None
        self.tamper = hostile_relay.Relay(self) if schedule.hostile_relay else None
        self.is_mended = False

    def _node(self, node_id):
        node = Node(self.world, node_id, self.register, self.ledger, self.rules)
        if node_id not in self.newer:
            node.release.number = releases.FIRST
        return node

    @property
    def honest(self):
        return [one for one in self.nodes.values() if not self.is_hostile(one.node_id)]

    def is_hostile(self, node_id):
        return self.hostile is not None and self.hostile.node_id == node_id

    def run(self):
        """Plays the schedule; returns what was violated, in words."""
        world, schedule = self.world, self.schedule
        for node in self.nodes.values():
            if node.node_id != CENTRE:
                world.after(world.chance.uniform(0, 2), self.dial, node.node_id)
        plan_traffic(self)
        faults.plan(self)
        media.plan(self)
        releases.plan(self)
        world.run(schedule.seconds)
        faults.mend(self)
        world.after(_LOOK_SECONDS, self._look)
        longest = _HOSTILE_SETTLE_SECONDS if self.hostile or self.tamper else _SETTLE_SECONDS
        world.run(schedule.seconds + longest, lambda: self.is_mended)
        return checks.violations(self)

    def _look(self):
        self.is_mended = checks.is_settled(self)
        if not self.is_mended:
            self.world.after(_LOOK_SECONDS, self._look)

    def dial(self, node_id, *, again=False):
        """Has a country dial the centre; `again` although it believes to be linked."""
        node = self.nodes[node_id]
        if not node.is_up or (CENTRE in node.links and not again):
            return
        known = self.centre.register.directory.trusted(node_id)
        if node_id in self.apart or not self.centre.is_up or known is None:
            self.redial(node_id)
            return
        chance, schedule = self.world.chance, self.schedule
        tamper = self.tamper.tamper if self.tamper else None
        cable = Cable(self.world, chance.uniform(0.01, schedule.delay), chance.choice(schedule.rates), tamper)
        self.cables = [*(one for one in self.cables if not one.is_cut), cable]
        far = End(self.world, self.centre, node_id, lambda _end: None)
        honest = not self.is_hostile(node_id)
        near = End(self.world, node, CENTRE, self._link_ended) if honest else self.hostile.end(cable)
        cable.join(near, far)

    def _link_ended(self, end):
        node_id = end.node.node_id
        self.failures[node_id] = 0 if end.is_greeted else self.failures[node_id] + 1
        self.redial(node_id)

    def redial(self, node_id):
        longest = min(_LONGEST_REDIAL, _FIRST_REDIAL * 2 ** self.failures[node_id])
        self.failures[node_id] = min(20, self.failures[node_id] + 1)
        self.world.after(self.world.chance.uniform(0, longest), self.dial, node_id)

    def start(self, node):
        """Starts a node that is down, and has it linked."""
        if node.is_up:
            return
        node.start()
        if node.node_id != CENTRE:
            self.dial(node.node_id)
            return
        for one in self.nodes:
            if one != CENTRE:
                self.redial(one)

    def revoke(self, node_id):
        """The centre revokes a node; everybody hears of it by the links."""
        self.revoked = (*self.revoked, node_id)
        self.world.tell(CENTRE, "revokes", node_id)
        self._publish()

    def understands(self, node_id, *, newest):
        """A node tells the centre which envelopes it may be sent; everybody hears of it by the links."""
        self.newer = tuple(one for one in self.nodes if (newest if one == node_id else one in self.newer))
        self.world.tell(CENTRE, "publishes that", node_id, "understands", "all" if newest else "version 1")
        self._publish()

    def _publish(self):
        version = self.register.version + 1
        self.register = register_of(tuple(self.nodes), self.revoked, version, self.newer)
        self.centre.believe(self.register)
