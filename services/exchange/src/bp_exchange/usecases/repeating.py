"""A message that comes again as another envelope: its sender was restored, or its service sent it anew.

If it says the same it is a repeat: nothing takes effect again, and its sender hears how far it got. If not, it is refused: nobody replaces
what a message said.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.usecases.records import EnvelopeRecord
from bp_exchange.usecases.stating import Statement, state
from bp_exchange.usecases.work import Work


def content_digest(message: topics_pb2.Message) -> bytes:
    """Returns the digest of what a message says, however it travelled."""
    said = topics_pb2.Message()
    said.CopyFrom(message)
    said.ClearField("traceparent")
    return hashlib.sha256(said.SerializeToString(deterministic=True)).digest()


@dataclass
class Repeats:
    """Repeats of a batch, each as it came."""

    records: list[EnvelopeRecord] = field(default_factory=list)

    def note(self, record: EnvelopeRecord, earlier: EnvelopeRecord) -> bool:
        """Notes a record under a known id; tells whether it says what the earlier one said."""
        is_same = record.message_digest is not None and record.message_digest == earlier.message_digest
        if is_same and record.sender_node == earlier.sender_node:
            self.records.append(record)
            return True
        return False


async def settle_repeats(work: Work, repeats: Repeats) -> None:
    """Tells the senders of repeats again how far their messages got."""
    by_id = {record.envelope_id: record for record in repeats.records}
    rungs = await work.ladder.of(list(by_id))
    await state(
        work,
        [
            Statement(
                replace(by_id[rung.envelope_id]),
                rung.recipient,
                topics_pb2.DeliveryState.ValueType(rung.state),
                rung.ground,
            )
            for rung in rungs.values()
            if rung.node_id == work.keys.node_id
        ],
    )
