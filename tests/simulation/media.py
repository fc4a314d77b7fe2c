"""Removable media: what is owed goes out as signed blocks, and comes in late, in any order, again and again, or only in part.

Blocks are signed, read and verified by the protocol itself, their items stored and settled by the use cases. A medium here carries items,
acknowledgements and the register, and no files.
"""

import functools

from bluepacific.exchange.v1 import medium_pb2
from bp_exchange.protocol.medium import LENGTH_BYTES, VERSION, MediumRefusedError, network_of, sign_block, verify_block
from bp_exchange.usecases.accepting import store
from bp_exchange.usecases.settling import settle
from tests.simulation import lanes
from tests.simulation.members import CENTRE
from tests.simulation.store import DiskFullError
from tests.simulation.world import run

NETWORK = network_of(b"root")
_BLOCK_ITEMS = 3


def plan(network):
    for _ in range(network.schedule.media):
        network.world.after(network.world.chance.uniform(0, network.schedule.seconds), _carry, network)


def _carry(network):
    chance = network.world.chance
    country = chance.choice([one.node_id for one in network.honest if one.node_id != CENTRE])
    giver, taker = (country, CENTRE) if chance.random() < 0.5 else (CENTRE, country)
    giver, taker = network.nodes[giver], network.nodes[taker]
    if not giver.is_up:
        return
    try:
        blocks = _export(giver, taker.node_id)
    except DiskFullError:
        giver.tell("disk full while exporting")
        return
    giver.tell("exports", f"{len(blocks)} blocks for", taker.node_id)
    for _ in range(chance.choice((1, 1, 2, 3))):
        some = chance.sample(blocks, chance.randint(1, len(blocks))) if chance.random() < 0.3 else list(blocks)
        chance.shuffle(some)
        network.world.after(chance.expovariate(1 / network.schedule.seconds), _import, network, giver, taker, some)
    stranger = chance.choice(list(network.nodes.values()))
    network.world.after(chance.uniform(1, 100), _import, network, giver, stranger, blocks)


def _export(node, peer):
    # What a link sends it acknowledges by position, a medium by id.
    items = lanes.page(node, peer)
    medium = functools.partial(_block, node, peer, node.world.new_id())
    blocks = []
    if node.node_id == CENTRE:
        blocks.append(medium(number=0, register=node.register.current.bundle))
    for at in range(0, len(items), _BLOCK_ITEMS):
        some = [
            medium_pb2.MediumItem(item_id=queued.item_id, item=item, attempt=queued.attempt)
            for queued, item in items[at : at + _BLOCK_ITEMS]
        ]
        blocks.append(medium(number=len(blocks), items=some))
    blocks.append(medium(number=len(blocks), last=True))
    return blocks


def _block(node, peer, medium_id, **fields):
    content = medium_pb2.MediumContent(
        version=VERSION, network=NETWORK, from_node=node.node_id, to_node=peer, medium_id=medium_id, **fields
    )
    content.create_time.FromDatetime(node.clock())
    return sign_block(content, node.keys)


def _import(network, giver, taker, blocks):
    """Takes blocks, and has their acknowledgement carried back, some time and perhaps more than once."""
    if not taker.is_up:
        return
    stored, refused = [], {}
    try:
        for raw in blocks:
            _take(network, taker, raw, stored, refused)
    except DiskFullError:
        taker.tell("disk full while importing")
    if not stored and not refused:
        return
    taker.tell("imported", len(stored), "items from", giver.node_id)
    ack = medium_pb2.MediumAck(stored=stored)
    ack.refused.extend(refused.values())
    answer = _block(taker, giver.node_id, network.world.new_id(), ack=ack)
    for _ in range(network.world.chance.choice((0, 1, 1, 2))):
        delay = network.world.chance.expovariate(1 / network.schedule.seconds)
        network.world.after(delay, _take_answer, network, giver, answer)


def _take_answer(network, node, raw):
    if node.is_up:
        try:
            _take(network, node, raw, [], {})
        except DiskFullError:
            node.tell("disk full while importing")


def _take(network, node, raw, stored, refused):
    try:
        content = verify_block(raw[LENGTH_BYTES:], directory=node.register.directory, own=node.node_id, network=NETWORK)
    except MediumRefusedError as error:
        node.tell("refuses a block:", error.reason)
        return
    peer = content.from_node
    if content.items:
        network.ledger.by_medium.add(node.node_id)
        _take_items(node, content, stored, refused)
    if content.HasField("ack"):
        node.tell("acknowledged on a medium by", peer, len(content.ack.stored), len(content.ack.refused))
        with node.transaction() as work:
            owed = node.state_of(work).owed
            took = [at for one in content.ack.stored if (at := owed.get((peer, one)))]
            grounds = {at: one.ground for one in content.ack.refused if (at := owed.get((peer, one.item_id)))}
            # What was put back since is not concerned.
            attempts = {at: row.item.attempt for at, row in node.state.queue.items()}
            old = [one for one in content.ack.refused if attempts.get(owed.get((peer, one.item_id))) != one.attempt]
            for one in old:
                grounds.pop(owed.get((peer, one.item_id)), None)
            run(settle(work, peer, took, grounds))


def _take_items(node, content, stored, refused):
    ids, peer = {}, content.from_node
    for at, one in enumerate(content.items):
        ids[at] = one.item_id
        one.item.position = at
    given = [one.item for one in content.items]
    checked = node.release.check(given, peer)
    if checked.holds_anything:
        with node.transaction() as work:
            run(store(work, peer, checked))
    stored += [ids[at] for at in checked.positions]
    for at, ground in checked.refused.items():
        node.tell("refuses", ids[at][-6:], ground, "of a medium from", peer)
        attempt = content.items[at].attempt
        refused[ids[at]] = medium_pb2.RefusedMediumItem(item_id=ids[at], ground=ground, attempt=attempt)
