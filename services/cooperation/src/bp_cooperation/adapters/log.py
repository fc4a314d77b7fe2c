"""What the service keeps of calls and arrivals, in terms of people: the kit's audit table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import String, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import events_pb2
from bluepacific.cooperation.v1 import log_service_pb2 as pb
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_cooperation.adapters.outlet import DIRECTIVE_ANSWERED, DIRECTIVE_ISSUED, OPERATION_CHANGED, REPLY_SENT
from bp_cooperation.adapters.tables import AuditRow
from bp_kit.listing import Listed, Listing
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer
from bp_kit.telemetry import current_trace_id
from bp_kit.times import timestamp

_PACKAGE = "bluepacific.cooperation.v1."
# Calls are kept by their path.
_PATH = f"/{_PACKAGE}"
_RECEIVED = f"{_PATH}received/"
_PURPOSE = "PURPOSE_"
TAKEN = "OK"
_NAME_LENGTH = 255


async def note_arrival(
    session: AsyncSession, message: topics_pb2.Message, units: Iterable[str], *, outcome: str, now: datetime
) -> None:
    """Keeps that something arrived for units here, and whether it was taken; of what was not, nothing in it can be relied on."""
    subject = subject_of(message) if outcome == TAKEN else message.conversation
    purpose = handling_pb2.Purpose.Name(message.handling.purpose) if message.handling.purpose else ""
    for unit in units:
        session.add(
            AuditRow(
                call_time=now,
                principal=unit,
                method=_RECEIVED + message.topic.removeprefix(_PACKAGE),
                name=subject[:_NAME_LENGTH],
                outcome=outcome,
                purpose=purpose,
                trace_id=current_trace_id(),
                detail={"author": message.author},
            )
        )


def subject_of(message: topics_pb2.Message) -> str:
    """Returns the record that a message is about, once it was taken."""
    match message.topic:
        case topic if topic == REPLY_SENT:
            return events_pb2.ReplySent.FromString(message.payload).reply.name
        case topic if topic == DIRECTIVE_ISSUED:
            return events_pb2.DirectiveIssued.FromString(message.payload).directive.record
        case topic if topic == DIRECTIVE_ANSWERED:
            return events_pb2.DirectiveAnswered.FromString(message.payload).record
        case topic if topic == OPERATION_CHANGED:
            return events_pb2.OperationChanged.FromString(message.payload).operation.name
        case _:
            return message.conversation


async def log_page(session: AsyncSession, sealer: Sealer, listing: Listing) -> Listed[pb.LogEntry]:
    """Returns a page of what people and units of a country did, newest first.

    Raises:
        Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    page = await read_page(
        session,
        sealer,
        select(AuditRow).where(
            # Some of what arrives is for a country as a whole.
            or_(
                AuditRow.principal == listing.parent,
                AuditRow.principal.startswith(f"{listing.parent}/", autoescape=True),
            )
        ),
        listing=listing,
        keys=(AuditRow.position,),
        columns={
            "principal": AuditRow.principal,
            "act": func.substr(AuditRow.method, len(_PATH) + 1, type_=String),
            "subject": AuditRow.name,
            "outcome": AuditRow.outcome,
            "purpose": func.substr(AuditRow.purpose, len(_PURPOSE) + 1, type_=String),
            "log_time": AuditRow.call_time,
        },
        descending=True,
    )
    return Listed([_entry(row) for row in page.rows], page.next_token)


def _entry(row: AuditRow) -> pb.LogEntry:
    return pb.LogEntry(
        log_time=timestamp(row.call_time),
        principal=row.principal,
        act=row.method.removeprefix(_PATH),
        subject=row.name,
        outcome=row.outcome,
        purpose=handling_pb2.Purpose.Value(row.purpose) if row.purpose else handling_pb2.PURPOSE_UNSPECIFIED,
        author=row.detail.get("author", ""),
        trace_id=row.trace_id,
    )
