"""A repeated request id gets the first answer (AIP-155): request and response are kept in the call's own transaction."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_kit.call import Call
from bp_kit.errors import Refused
from bp_kit.rpc.methods import Method, descriptor_of
from bp_kit.tables import service_metadata

_idempotency = service_metadata().tables["idempotency"]


async def recall(session: AsyncSession, method: Method, call: Call, request: Any) -> Message | None:
    """Returns the answer that the same caller got for the same request id, or None.

    Raises:
        Refused: REQUEST_ID_REUSED for another request under the same id.
    """
    if not _applies(method, request):
        return None
    found = (
        await session.execute(
            select(_idempotency.c.request_digest, _idempotency.c.response).where(
                _idempotency.c.principal == call.principal.name,
                _idempotency.c.method == method.path,
                _idempotency.c.request_id == request.request_id,
            )
        )
    ).one_or_none()
    if found is None:
        return None
    if found.request_digest != _digest(request):
        raise Refused("REQUEST_ID_REUSED", field="request_id")
    return _response_class(descriptor_of(method.path)).FromString(found.response)


async def remember(
    session: AsyncSession, method: Method, call: Call, request: Any, *, response: Message, now: datetime
) -> None:
    """Keeps the answer for a repeat."""
    if not _applies(method, request):
        return
    await session.execute(
        insert(_idempotency).values(
            principal=call.principal.name,
            method=method.path,
            request_id=request.request_id,
            request_digest=_digest(request),
            response=response.SerializeToString(),
            create_time=now,
        )
    )


async def forget_answers_about(session: AsyncSession, name: str) -> None:
    """Forgets answers that name a record whose content is destroyed; a repeat of its call is then a call like any other."""
    key = (_idempotency.c.principal, _idempotency.c.method, _idempotency.c.request_id)
    found = await session.execute(select(*key, _idempotency.c.response))
    for row in [row for row in found if name.encode() in row.response]:
        await session.execute(
            delete(_idempotency).where(*(column == value for column, value in zip(key, row[:3], strict=True)))
        )


async def forget_answers(session: AsyncSession, *, before: datetime) -> None:
    """Forgets the answers given before a moment. They hold what the calls returned, so a service that destroys content needs it."""
    await session.execute(delete(_idempotency).where(_idempotency.c.create_time < before))


def _applies(method: Method, request: Any) -> bool:
    return method.has_request_id and bool(request.request_id)


def _digest(request: Message) -> bytes:
    return hashlib.sha256(request.SerializeToString(deterministic=True)).digest()


def _response_class(descriptor: MethodDescriptor) -> type[Message]:
    return GetMessageClass(descriptor.output_type)
