"""Operations about people in the database, and the topics on which services are asked."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.common.v1 import subject_pb2
from bp_identity.adapters.subject_tables import SubjectAnswerRow, SubjectOperationRow
from bp_identity.domain.subject_operation import Asked, Subject, SubjectOperation
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of
from bp_kit.outbox import Outbox
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer
from bp_kit.subjects.desk import asked_topic


class SqlOperations:
    """Operations of all countries served here."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, name: str, *, for_change: bool = False) -> SubjectOperation | None:
        """Returns the operation, locked when it is to be changed."""
        row = await self._session.get(SubjectOperationRow, name, with_for_update=for_change or None)
        return _operation(row) if row else None

    async def save(self, operation: SubjectOperation) -> None:
        """Keeps a new or changed operation."""
        await self._session.merge(_row(operation))
        await self._session.flush()

    async def asked(self, name: str) -> list[Asked]:
        """Returns who was asked, by country and service."""
        found = select(SubjectAnswerRow).where(SubjectAnswerRow.operation == name)
        rows = await self._session.scalars(found.order_by(SubjectAnswerRow.country, SubjectAnswerRow.service))
        return [Asked(row.country, row.service, row.ask_time, row.answer_time, row.answer) for row in rows]

    async def save_asked(self, name: str, asked: Asked) -> None:
        """Keeps that somebody was asked, or what they answered."""
        row = SubjectAnswerRow(
            operation=name,
            country=asked.country,
            service=asked.service,
            ask_time=asked.ask_time,
            answer_time=asked.answer_time,
            answer=asked.answer,
        )
        await self._session.merge(row)
        await self._session.flush()

    async def page(self, listing: Listing) -> Listed[SubjectOperation]:
        """Returns a page of one country's operations, newest first.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        page = await read_page(
            self._session,
            self._sealer,
            select(SubjectOperationRow).where(SubjectOperationRow.country == country_of(listing.parent)),
            listing=listing,
            keys=(SubjectOperationRow.create_time, SubjectOperationRow.name),
            columns={
                "state": SubjectOperationRow.state,
                "act": SubjectOperationRow.act,
                "officer": SubjectOperationRow.officer,
                "create_time": SubjectOperationRow.create_time,
            },
            descending=True,
        )
        return Listed([_operation(row) for row in page.rows], page.next_token)


class OutboxAsking:
    """Asks through the outbox, in the current transaction.

    Args:
        outbox: Of the session.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def ask(self, operation: SubjectOperation, service: str, country: str, records: Iterable[str] | None) -> None:
        """Asks a service of a country; with records it is told these, and not the person."""
        asked = subject_pb2.SubjectAsked(
            operation=operation.name,
            act=subject_pb2.SubjectAct.Value(f"SUBJECT_ACT_{operation.act}"),
            records=operation.records if records is None else records,
        )
        if records is None:
            asked.subject.CopyFrom(subject_message(operation.subject))
            asked.corrections.extend(corrections_message(operation.corrections))
        await self._outbox.send(
            topic=asked_topic(service),
            payload=asked,
            author=f"countries/{country_of(operation.name)}",
            recipients=[f"countries/{country}"],
            conversation=operation.name,
            receipts=False,
        )


def subject_message(subject: Subject) -> subject_pb2.Subject:
    """Returns whom an operation is about as its message."""
    return subject_pb2.Subject(
        officer=subject.officer, display_name=subject.display_name, identifier=subject.identifier
    )


def corrections_message(corrections: dict[str, str]) -> list[subject_pb2.Correction]:
    """Returns what is right as messages."""
    return [subject_pb2.Correction(field=name, value=value) for name, value in corrections.items()]


def _operation(row: SubjectOperationRow) -> SubjectOperation:
    return SubjectOperation(
        name=row.name,
        act=row.act,
        subject=Subject(row.subject_officer, row.subject_name, row.subject_identifier),
        records=tuple(row.records),
        corrections=row.corrections,
        reason=row.reason,
        officer=row.officer,
        state=row.state,
        create_time=row.create_time,
        update_time=row.update_time,
    )


def _row(operation: SubjectOperation) -> SubjectOperationRow:
    return SubjectOperationRow(
        name=operation.name,
        country=country_of(operation.name),
        act=operation.act,
        subject_officer=operation.subject.officer,
        subject_name=operation.subject.display_name,
        subject_identifier=operation.subject.identifier,
        records=list(operation.records),
        corrections=operation.corrections,
        reason=operation.reason,
        officer=operation.officer,
        state=operation.state,
        create_time=operation.create_time,
        update_time=operation.update_time,
    )
