"""After a node went back to an older backup: the others send again what it has lost, and say again what became of what it sent.

It tells every node what of theirs it has, and of which of its own messages it is not sure. Whatever it lost travels inside messages of the
exchanges' own topic, because a relay that knows an envelope would only acknowledge it. When it was the centre that went back, the others
also ask each other about whatever may have been lost on its way. All of it may be done twice: a message takes effect once by its id.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Protocol

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import recovery_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.usecases.records import Rung
from bp_exchange.usecases.sending import send
from bp_exchange.usecases.stating import Statement, state
from bp_exchange.usecases.work import Work

SERVICE = "exchange"
TOPIC = "bluepacific.exchange.v1.recovery"
_ID_BYTES = 16
_MESSAGE_IDS = 50_000
_MESSAGE_BYTES = 1024 * 1024
_MESSAGE_ENVELOPES = 100
_STATES = topics_pb2.DeliveryState
# What its recipient's node may not have, or may not have been heard to say.
_UNSURE = (_STATES.DELIVERY_STATE_QUEUED, _STATES.DELIVERY_STATE_SENT, _STATES.DELIVERY_STATE_ACCEPTED)
_OVER = (_STATES.DELIVERY_STATE_REFUSED, _STATES.DELIVERY_STATE_EXPIRED, _STATES.DELIVERY_STATE_RECALLED)


class Past(Protocol):
    """What this node remembers of what it had to do with others."""

    async def is_restored(self) -> bool:
        """Tells whether the node went back to a backup and has not told it yet."""

    async def told(self) -> None:
        """Notes that it has."""

    async def have_of(self, node_id: str) -> list[str]:
        """Returns the ids of the messages of another node's that are known here, the newest first."""

    async def at(self, node_id: str) -> list[Rung]:
        """Returns how far this node's messages got at the recipients of another."""

    async def envelopes_of(self, message_ids: Collection[str]) -> list[bytes]:
        """Returns the envelopes in which these messages travelled, each once, as they travelled."""


async def announce(work: Work, past: Past) -> None:
    """Tells every node that this one went back to a backup, once; does nothing when it did not."""
    if not await past.is_restored():
        return
    for node_id in _others(work):
        known = packed((await past.have_of(node_id))[:_MESSAGE_IDS])
        await _tell(work, node_id, recovery_pb2.Recovery(restored=True, known=known))
        await _ask(work, past, node_id)
    await past.told()


async def recover(work: Work, past: Past, sender: str, recovery: recovery_pb2.Recovery) -> None:
    """Takes what another node says; the envelopes in it are taken before, as if a link brought them."""
    if recovery.restored:
        await _give_back(work, past, sender, set(unpacked(recovery.known)))
    if recovery.unsure:
        await _answer(work, sender, list(unpacked(recovery.unsure)))
    if recovery.missing:
        missing = set(unpacked(recovery.missing))
        ours = {rung.envelope_id for rung in await past.at(sender) if rung.state not in _OVER}
        await _give(work, past, sender, sorted(missing & ours))


async def _give_back(work: Work, past: Past, sender: str, known: Collection[str]) -> None:
    lost = [rung.envelope_id for rung in await past.at(sender) if _was_there(rung)]
    if work.directory.nodes[sender].centre:
        for node_id in _others(work):
            if node_id != sender:
                # What arrived already, too: its files may still be on their way.
                lost += [rung.envelope_id for rung in await past.at(node_id) if _was_there(rung)]
                await _ask(work, past, node_id)
    await _give(work, past, sender, [one for one in dict.fromkeys(lost) if one not in known])


def _was_there(rung: Rung) -> bool:
    return rung.state not in (*_OVER, _STATES.DELIVERY_STATE_QUEUED)


async def _ask(work: Work, past: Past, node_id: str) -> None:
    unsure = [rung.envelope_id for rung in await past.at(node_id) if rung.state in _UNSURE]
    for at in range(0, len(unsure), _MESSAGE_IDS):
        await _tell(work, node_id, recovery_pb2.Recovery(unsure=packed(unsure[at : at + _MESSAGE_IDS])))


async def ask_about(work: Work, message_ids: Collection[str]) -> None:
    """Asks the recipients' nodes what became of messages of this node's."""
    nodes: dict[str, dict[str, None]] = {}
    for rung in (await work.ladder.of(message_ids)).values():
        if rung.node_id != work.keys.node_id and work.directory.trusted(rung.node_id):
            nodes.setdefault(rung.node_id, {})[rung.envelope_id] = None
    for node_id, ids in nodes.items():
        await _tell(work, node_id, recovery_pb2.Recovery(unsure=packed(ids)))


async def _answer(work: Work, sender: str, ids: Sequence[str]) -> None:
    """States once more what became of a node's messages here."""
    found = await work.envelopes.find(ids)
    theirs = {one: record for one, record in found.items() if record.sender_node == sender}
    rungs = [rung for rung in (await work.ladder.of(list(theirs))).values() if rung.node_id == work.keys.node_id]
    await state(
        work,
        [Statement(theirs[one.envelope_id], one.recipient, _STATES.ValueType(one.state), one.ground) for one in rungs],
    )
    missing = [one for one in dict.fromkeys(ids) if one not in found]
    if missing:
        await _tell(work, sender, recovery_pb2.Recovery(missing=packed(missing)))


async def _give(work: Work, past: Past, node_id: str, message_ids: Sequence[str]) -> None:
    for envelopes in _portions(await past.envelopes_of(message_ids)):
        await _tell(work, node_id, recovery_pb2.Recovery(envelopes=envelopes))


def _portions(envelopes: Iterable[bytes]) -> Iterator[list[bytes]]:
    held: list[bytes] = []
    size = 0
    for one in envelopes:
        if held and (size + len(one) > _MESSAGE_BYTES or len(held) == _MESSAGE_ENVELOPES):
            yield held
            held, size = [], 0
        held.append(one)
        size += len(one)
    if held:
        yield held


async def _tell(work: Work, node_id: str, recovery: recovery_pb2.Recovery) -> None:
    message = topics_pb2.Message(
        message_id=work.ids(),
        topic=TOPIC,
        author=_country_of(work, work.keys.node_id),
        recipients=[_country_of(work, node_id)],
        urgency=handling_pb2.URGENCY_URGENT,
        payload=recovery.SerializeToString(deterministic=True),
    )
    await send(work, message, [], "")


def _country_of(work: Work, node_id: str) -> str:
    return f"countries/{work.directory.nodes[node_id].countries[0]}"


def _others(work: Work) -> list[str]:
    return [one for one in work.directory.nodes if one != work.keys.node_id and work.directory.trusted(one)]


def packed(ids: Iterable[str]) -> bytes:
    """Returns UUIDs one after the other, 16 bytes each."""
    return b"".join(uuid.UUID(one).bytes for one in ids)


def unpacked(raw: bytes) -> Iterator[str]:
    """Yields the UUIDs that `packed` wrote; what is left over is passed over."""
    for at in range(0, len(raw) - _ID_BYTES + 1, _ID_BYTES):
        yield str(uuid.UUID(bytes=raw[at : at + _ID_BYTES]))
