"""What must hold at the end of every run, whatever happened."""

from collections import defaultdict

from bluepacific.exchange.v1 import envelope_pb2, link_service_pb2, log_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.compression import decompress
from bp_exchange.protocol.merkle import root_of
from bp_exchange.protocol.proofs import plan_consistency, plan_inclusion
from bp_exchange.protocol.refusal import Ground
from bp_exchange.usecases.records import Role
from bp_verify.merkle import extends, fold, includes, leaf_hash
from tests.simulation.members import CENTRE, unit_of
from tests.simulation.traffic import recipients_at

_S = topics_pb2.DeliveryState
_TOLD_AS = {
    Role.SENT: log_pb2.LOG_EVENT_SENT,
    Role.RECEIVED: log_pb2.LOG_EVENT_ACCEPTED,
    Role.RELAYED: log_pb2.LOG_EVENT_RELAYED,
}
_DONE = (_S.DELIVERY_STATE_DELIVERED, _S.DELIVERY_STATE_OPENED, _S.DELIVERY_STATE_ACTIONED)


def is_settled(network):
    """Tells whether nothing waits anywhere any more."""
    lost = network.ledger.lost_files()
    return all(_is_idle(node) and not _awaited(node.state, lost) for node in network.honest)


def _is_idle(node):
    return not node.state.deliveries and all(row.set_aside for row in node.state.queue.values())


def _awaited(state, lost):
    return [one for one in state.wanted if one not in state.wanted_aside and one not in lost]


def violations(network):
    """Returns what was violated, in words."""
    found = []
    for check in CHECKS:
        found += [f"{check.__name__}: {what}" for what in check(network)]
    return found


def nothing_acknowledged_is_lost(network):
    if network.tamper:
        return
    for message_id, promise in network.ledger.promises.items():
        if promise.is_excused:
            continue
        for node_id in recipients_at(network, promise.message):
            if network.is_hostile(node_id):
                continue
            node = network.nodes[node_id]
            if not any(one.message_id == message_id for one in node.state.effects) and not _ended(
                network, promise, node_id
            ):
                yield f"{message_id[-6:]} from {promise.node_id} never took effect at {node_id}"
                continue
            missing = [one.digest for one in promise.message.blobs if one.digest not in node.disk.own]
            if missing and not _ended(network, promise, node_id):
                yield f"a file of {message_id[-6:]} never came to {node_id}"


def _ended(network, promise, node_id):
    """Tells whether a message may have ended without effect: its time has passed, or a hostile member took its id before it came."""
    return promise.message.HasField("expire_time") or (promise.message.message_id, node_id) in network.ledger.squatted


def nothing_takes_effect_twice(network):
    for node in network.honest:
        seen = set()
        for effect in node.state.effects:
            # By id, and by what its author wrote, should it come under another id.
            marks = {effect.message_id, (effect.thread[0], effect.payload)}
            if marks & seen:
                yield f"{effect.message_id[-6:]} took effect twice at {node.node_id}"
            seen |= marks


def order_in_a_conversation(network):
    if network.tamper:
        return
    place = {message_id: at for at, message_id in enumerate(network.ledger.promises)}
    for node in network.honest:
        if {node.node_id, CENTRE} & network.ledger.by_medium:
            # A medium may come in parts and in any order, and then brings what follows before what it follows.
            continue
        last = defaultdict(lambda: -1)
        for effect in node.state.effects:
            promise = network.ledger.promises.get(effect.message_id)
            if not effect.thread[1] or promise is None or promise.is_excused:
                continue
            if any(one in {node.node_id, CENTRE} for one, _, _ in network.ledger.restores):
                # What was lost comes again after what came meanwhile.
                continue
            if place[effect.message_id] < last[effect.thread]:
                yield f"{effect.message_id[-6:]} came after what followed it, at {node.node_id}"
            last[effect.thread] = max(last[effect.thread], place[effect.message_id])


def no_label_is_lowered(network):
    for node in network.honest:
        for effect in node.state.effects:
            promise = network.ledger.promises.get(effect.message_id)
            if promise is None or promise.message.author != effect.thread[0]:
                if not network.hostile or effect.thread[0] != unit_of(network.hostile.node_id):
                    yield f"{effect.message_id[-6:]} was never sent so, and took effect at {node.node_id}"
                continue
            if effect.handling != promise.message.handling.SerializeToString(deterministic=True):
                yield f"{effect.message_id[-6:]} has another label at {node.node_id}"
            if effect.payload != promise.message.payload:
                yield f"{effect.message_id[-6:]} has another content at {node.node_id}"


def no_content_where_it_is_not_addressed(network):
    for node in network.nodes.values():
        held = b"".join(one.content for one in node.state.deliveries.values())
        seen = {one.payload for one in node.state.effects}
        for message_id, promise in network.ledger.promises.items():
            if node.node_id == promise.node_id or node.node_id in recipients_at(network, promise.message):
                continue
            record = node.state.envelopes.get(message_id)
            if promise.message.payload in seen or promise.message.payload in held or _can_open(node, record, promise):
                yield f"{node.node_id} has the content of {message_id[-6:]}, which is not for it"


def _can_open(node, record, promise):
    if record is None:
        return False
    if record.inside is not None:
        return promise.message.payload in record.inside
    if record.raw is None:
        return False
    envelope = envelope_pb2.Envelope.FromString(record.raw)
    return promise.message.payload in record.raw or any(one.node == node.node_id for one in envelope.keys)


def logs_verify(network):
    for node in network.honest:
        leaves = [leaf_hash(one) for one in node.state.log]
        edge = node.state.edge
        if edge.size != len(leaves) or edge.root() != root_of(leaves):
            yield f"the head of {node.node_id} is not of its log"
            continue
        yield from _proofs(network, node, leaves, edge.root())
        yield from _entries(node)


def _proofs(network, node, leaves, root):
    chance = network.world.chance
    for position in chance.sample(range(len(leaves)), min(2, len(leaves))):
        path = _path(leaves, plan_inclusion(position, len(leaves)))
        if not includes(root, len(leaves), position, leaves[position], path):
            yield f"leaf {position} of {node.node_id} is not in its log"
    for size, earlier in node.heads:
        if size == 0:
            continue
        if size > len(leaves) or not extends(
            earlier, size, root, len(leaves), _path(leaves, plan_consistency(size, len(leaves)))
        ):
            yield f"the log of {node.node_id} is no longer what it was at {size}"


def _path(leaves, plan):
    return [fold([_subtree(leaves, one) for one in step]) for step in plan]


def _subtree(leaves, one):
    begin = one.index << one.level
    return root_of(leaves[begin : begin + (1 << one.level)])


def _entries(node):
    """What is in the database is in the log: each envelope and each message once, with its digest."""
    told = defaultdict(list)
    for raw in node.state.log:
        entry = log_pb2.LogEntry.FromString(raw)
        told[entry.envelope_id, entry.event].append(entry.digest)
    for message_id, record in node.state.envelopes.items():
        if told[message_id, _TOLD_AS[record.role]] != [b"" if _is_late(record) else record.digest]:
            yield f"the log of {node.node_id} does not tell of {message_id[-6:]} once"
        if _is_late(record) and told[message_id, log_pb2.LOG_EVENT_SEALED] != [record.digest] * bool(record.batch_id):
            yield f"the log of {node.node_id} does not tell once how {message_id[-6:]} was sealed"
    for batch_id, batch in node.state.batches.items():
        if batch.role == Role.RELAYED and told[batch_id, log_pb2.LOG_EVENT_RELAYED] != [batch.digest]:
            yield f"the log of {node.node_id} does not tell of {batch_id[-6:]} once"


def _is_late(record):
    """Tells whether a message was sealed, or will be, after it was taken."""
    return record.role == Role.SENT and record.raw is None


def every_ladder_ends(network):
    for message_id, promise in network.ledger.promises.items():
        if promise.is_excused:
            continue
        node = network.nodes[promise.node_id]
        for recipient in promise.message.recipients:
            rung = node.state.rungs.get((message_id, recipient))
            if rung is None:
                yield f"{message_id[-6:]} has no ladder at {promise.node_id}"
            elif wrong := _untrue(network, rung) or _unexplained(network, rung, promise):
                yield f"{message_id[-6:]} {wrong}"


def _untrue(network, rung):
    """Returns what is wrong with a rung that says more than happened; a hostile node may say so of itself."""
    if network.is_hostile(rung.node_id) or (network.tamper and rung.node_id == CENTRE):
        return ""
    if rung.state in _DONE and not _has(network, rung):
        return f"is said to be delivered at {rung.node_id}, where it had no effect"
    return ""


def _has(network, rung):
    return any(one.message_id == rung.envelope_id for one in network.nodes[rung.node_id].state.effects)


def _unexplained(network, rung, promise):
    """Returns what is wrong with a rung that is not the end; a hostile relay may drop, and says why as it likes."""
    message = promise.message
    if network.tamper or network.is_hostile(rung.node_id):
        return ""
    if (rung.envelope_id, rung.node_id) in network.ledger.squatted and rung.ground == Ground.DIGEST_DIFFERS:
        return ""
    if rung.state == _S.DELIVERY_STATE_EXPIRED and not message.HasField("expire_time"):
        return f"has expired and could not, for {rung.node_id}"
    if rung.state in _DONE or rung.state == _S.DELIVERY_STATE_EXPIRED:
        return ""
    went_back = any(one == promise.node_id for one, _, _ in network.ledger.restores)
    # An old stick acknowledged what was handed in once more; it is there, and nobody is asked. Or it was sent once more in another
    # envelope: what came of it later is said of the first one, which the sender has forgotten.
    told_of_the_first = rung.state == _S.DELIVERY_STATE_ACCEPTED or network.ledger.by_medium
    if (
        rung.state in (_S.DELIVERY_STATE_SENT, _S.DELIVERY_STATE_ACCEPTED)
        and went_back
        and told_of_the_first
        and _has(network, rung)
    ):
        return ""
    return f"stands at {_S.Name(rung.state)[15:]} {rung.ground} for {rung.node_id}"


def queues_are_empty(network):
    for node in network.honest:
        for row in node.state.queue.values():
            if network.tamper or network.is_hostile(row.item.peer) or row.set_aside == Ground.REVOKED_SENDER:
                continue
            if row.set_aside and any(map(network.is_hostile, _parties_of(node, row.item))):
                # A relay cannot see what is wrong inside; one that went back refuses what answers an envelope that came too early.
                continue
            what = f"set aside as {row.set_aside}" if row.set_aside else "waits"
            yield f"{row.item.item_id[-6:]} {what} at {node.node_id} for {row.item.peer}"
        for one in node.state.deliveries.values():
            yield f"{one.delivery_id[-6:]} waits for a service of {node.node_id}"
        for digest in _awaited(node.state, network.ledger.lost_files()):
            if not network.tamper and not network.hostile:
                yield f"the file {digest[:6]} is awaited at {node.node_id}"


def _parties_of(node, item):
    """Returns who sent an item and, where it answers somebody, whom."""
    if item.item_id in node.state.batches:
        return [node.state.batches[item.item_id].sender_node]
    if not item.framed:
        return []
    made = link_service_pb2.Item.FromString(item.body)
    if made.HasField("grant"):
        return [envelope_pb2.Grant.FromString(made.grant.grant).sender_node]
    stated = envelope_pb2.Receipts.FromString(made.receipts.receipts or decompress(made.receipts.compressed, 10**6))
    return [stated.node, stated.to_node]


CHECKS = (
    nothing_acknowledged_is_lost,
    nothing_takes_effect_twice,
    order_in_a_conversation,
    no_label_is_lowered,
    no_content_where_it_is_not_addressed,
    logs_verify,
    every_ladder_ends,
    queues_are_empty,
)
