"""What goes wrong, when, and how all of it is mended at the end."""

from datetime import timedelta

from tests.simulation.members import CENTRE

_BACKUP_EVERY = 0.2


def plan(network):
    world, schedule = network.world, network.schedule
    for _ in range(schedule.faults):
        kind = world.chance.choice(schedule.kinds)
        world.after(world.chance.uniform(0, schedule.seconds), _KINDS[kind], network)
    if "restore" in schedule.kinds:
        for at in range(1, 5):
            for node in network.nodes.values():
                world.after(schedule.seconds * _BACKUP_EVERY * at * world.chance.uniform(0.7, 1.3), node.back_up)
    for node in network.nodes.values():
        for _ in range(3):
            world.after(world.chance.uniform(0, schedule.seconds), node.note_head)
    if network.hostile and world.odds(0.3):
        world.after(world.chance.uniform(0, schedule.seconds), network.revoke, network.hostile.node_id)


def mend(network):
    """Ends all trouble but what stays wrong for good: clocks, and whoever is hostile."""
    network.world.tell("-", "all is mended")
    network.apart.clear()
    for cable in network.cables:
        if cable.silent:
            cable.silent.clear()
            cable.cut()
    for node in network.nodes.values():
        node.has_space = True
        node.services.serves = True
        if not node.is_up:
            network.start(node)
        node.services.serve()
        if node.node_id != CENTRE:
            network.failures[node.node_id] = 0
            network.world.after(network.world.chance.uniform(0, 2), network.dial, node.node_id)
    if network.hostile is None:
        # A person looks at what was set aside, once.
        network.world.after(600, _retry, network)


def _retry(network):
    for node in network.nodes.values():
        node.retry()


def _some_node(network):
    node_id = network.world.chance.choice(list(network.nodes))
    if network.is_hostile(node_id):
        node_id = CENTRE
    return network.nodes[node_id]


def _cut(network):
    for cable in network.cables:
        if network.world.odds(0.5):
            cable.cut()


def _apart(network):
    node = _some_node(network).node_id
    network.world.tell(node, "is apart")
    network.apart.add(node)
    for cable in network.cables:
        if any(end.node.node_id == node for end in cable.ends):
            cable.cut()
    network.world.after(network.world.chance.uniform(1, network.schedule.seconds), network.apart.discard, node)


def _silence(network):
    cables = [one for one in network.cables if not one.is_cut]
    if cables:
        cable = network.world.chance.choice(cables)
        network.world.tell("-", "a link falls silent:", cable.ends[0].node.node_id)
        cable.silence(network.world.chance)


def _crash(network):
    node = _some_node(network)
    # Rather where a service is between an effect and its acknowledgement.
    busy = [one for one in network.honest if one.services.is_serving]
    if busy and network.world.odds(0.5):
        node = network.world.chance.choice(busy)
    if node.is_up:
        node.crash()
        network.world.after(network.world.chance.uniform(0.1, 60), network.start, node)


def _again(network):
    """A country dials although its older contact still stands."""
    node = _some_node(network)
    if node.node_id != CENTRE:
        network.dial(node.node_id, again=True)


def _no_space(network):
    node = _some_node(network)
    node.tell("has no space left")
    node.has_space = False
    network.world.after(network.world.chance.uniform(1, 120), _clear, node)


def _clear(node):
    node.has_space = True


def _pause_service(network):
    node = _some_node(network)
    node.services.serves = False
    network.world.after(network.world.chance.uniform(1, 300), _serve_again, node)


def _serve_again(node):
    node.services.serves = True
    node.services.serve()


def _restore(network):
    node = _some_node(network)
    if node.backups:
        node.restore()
        network.world.after(network.world.chance.uniform(1, 60), network.start, node)


def _clock(network):
    node = _some_node(network)
    chance = network.world.chance
    node.ahead += timedelta(seconds=chance.choice((-1, 1)) * chance.choice((5, 3600, 40 * 86400)))
    node.tell("clock is off by", node.ahead)


_KINDS = {
    "cut": _cut,
    "apart": _apart,
    "silence": _silence,
    "crash": _crash,
    "again": _again,
    "no space": _no_space,
    "pause service": _pause_service,
    "restore": _restore,
    "clock": _clock,
}
