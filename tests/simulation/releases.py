"""Which program runs at a node: the first release, which knows version 1 of envelopes only, or the newest; and how it changes."""

import functools

from bp_exchange.protocol.batch import VERSION, read_batch
from bp_exchange.protocol.epoch import granted_key
from bp_exchange.protocol.refusal import Ground, RefusedItemError
from bp_exchange.usecases.checking import check_items, epochs_of

FIRST, NEWEST = 1, VERSION


class Release:
    """The program of a node.

    Args:
        node: Whose.
        number: FIRST or NEWEST.
    """

    def __init__(self, node, number):
        self._node = node
        self.number = number
        # Opening one takes longer than opening an envelope.
        self._keys = {}

    def check(self, items, peer):
        """Verifies and opens a batch of a peer's."""
        node = self._node
        foreign = {} if self.number == NEWEST else {one.position: ground for one in items if (ground := _unknown(one))}
        known = [one for one in items if one.position not in foreign]
        epochs = self._epochs(epochs_of(known, node.node_id))
        checked = check_items(known, peer=peer, directory=node.register.directory, keys=node.keys, epochs=epochs)
        checked.refused |= foreign
        return checked

    def _epochs(self, needed):
        found = {}
        for sender_node, epoch in needed:
            wrapped = self._node.state.granted.get((sender_node, epoch))
            if wrapped and wrapped not in self._keys:
                self._keys[wrapped] = granted_key(sender_node, epoch, wrapped, self._node.keys)
            if wrapped and self._keys[wrapped]:
                found[sender_node, epoch] = self._keys[wrapped]
        return found


def _unknown(item):
    """Returns why the first release refuses what it does not know; None for what it knows."""
    if item.HasField("receipts") or item.HasField("grant"):
        return Ground.MALFORMED
    try:
        is_newer = item.HasField("envelope") and read_batch(item.envelope) is not None
    except RefusedItemError:
        return None
    return Ground.UNKNOWN_VERSION if is_newer else None


def plan(network):
    """Has nodes upgraded while the network runs."""
    world, schedule = network.world, network.schedule
    for node_id in schedule.upgraded:
        world.after(world.chance.uniform(0, schedule.seconds * 0.8), _upgrade, network, network.nodes[node_id])


def _upgrade(network, node):
    """The newest release is installed, and the register says so a little later; until then, one may go back to the first."""
    chance = network.world.chance
    _install(network, node, NEWEST)
    later = chance.uniform(1, network.schedule.seconds * 0.3)
    if chance.random() < 0.2:
        network.world.after(later, _install, network, node, FIRST)
        network.world.after(later * 2, _install, network, node, NEWEST)
        later *= 3
    network.world.after(later, functools.partial(network.understands, node.node_id, newest=True))
    if chance.random() < 0.3:
        # What a node does before it goes back to an older release: it is sent nothing new, and takes what is on its way.
        later += chance.uniform(1, network.schedule.seconds * 0.3)
        network.world.after(later, functools.partial(network.understands, node.node_id, newest=False))


def _install(network, node, number):
    if node.is_up:
        node.crash()
    node.tell("installs release", number)
    node.release.number = number
    network.start(node)
