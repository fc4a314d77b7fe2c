"""What a proof with content was a read of: the record that its message is about, whose owner is to hear of it."""

from __future__ import annotations

import re

from bluepacific.exchange.v1 import envelope_pb2, read_pb2
from bp_exchange.protocol.envelope import header_of
from bp_exchange.usecases.proving import Evidence, Held, parties_of

_MESSAGE = re.compile(r"countries/[A-Z]{3}/messages/([0-9a-f-]{36})")
_RECORD = re.compile(r"countries/([A-Z]{3})(/[^\s/]+)+")


async def named_by_record(evidence: Evidence, read: read_pb2.Read) -> read_pb2.Read:
    """Returns the read under the name of the record that the message is about, where one of the message's countries has such a record."""
    found = _MESSAGE.fullmatch(read.record)
    held = await evidence.held(found[1]) if found else None
    if held is not None:
        about = _conversation(held)
        named = _RECORD.fullmatch(about)
        if named and named[1] in parties_of(held):
            read.record = about
    return read


def _conversation(held: Held) -> str:
    if held.batched:
        return envelope_pb2.MessageHead.FromString(held.batched.kept.head).conversation
    return header_of(held.raw).conversation if held.raw else ""
