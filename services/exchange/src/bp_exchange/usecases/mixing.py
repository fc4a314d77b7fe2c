"""A conversation that goes on in envelopes of another version: because a node understands less than the others, was upgraded, or goes back.

Relays know conversations of version 1 only, and keep the order of version 2 by what its envelopes name. So a conversation stays in version
1 while anything of that version may be on its way; and an envelope of version 1 names those of version 2 that it must not overtake.
"""

from __future__ import annotations

import uuid

from bluepacific.exchange.v1 import envelope_pb2
from bp_exchange.protocol.batch import prepare
from bp_exchange.protocol.batch_shape import INCARNATION_BYTES, MAX_AFTER
from bp_exchange.usecases.drafting import Route, is_batched
from bp_exchange.usecases.sealing import choose, room_for, seal_messages
from bp_exchange.usecases.work import Work


async def is_late(work: Work, route: Route, thread: str) -> bool:
    """Tells whether a message is sealed when its lane has room, as version 2 is, or at once."""
    return is_batched(work, route) and not (thread and await work.contents.is_alone(thread))


async def seal_before(work: Work, thread: str) -> None:
    """Seals what waits of a conversation that goes on in version 1, so that it stands before that in every lane."""
    while waiting := await work.queue.drafts_of(thread) if thread else []:
        chosen = choose(waiting, room_for(waiting[0].urgency, None))
        ids = [one.item_id for one in chosen]
        kept = await work.contents.of(ids)
        prepared = prepare([(kept[one].head, kept[one].content) for one in ids], random=work.random)
        if not await seal_messages(work, chosen, kept, prepared):
            return


async def follow(work: Work, header: envelope_pb2.EnvelopeHeader, thread: str) -> None:
    """Has an envelope of version 1 name those of version 2 that it must not overtake."""
    after = await work.contents.overtaken({thread} - {""}, header.urgency)
    if after:
        header.incarnation_id = uuid.UUID(header.incarnation).bytes[-INCARNATION_BYTES:]
        header.after.extend(after[-MAX_AFTER:])
