"""Answers what a data-protection officer has asked: one handler in every service, over its holdings.

What the own country asks is about a person; another country only names records of its own, of which copies may be here. Everything that is
done is kept in the audit, record by record, in the same transaction; the answer names records and how they stand, never anything in them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from google.protobuf.message import DecodeError
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.common.v1 import handling_pb2, subject_pb2
from bluepacific.common.v1.subject_pb2 import FindingGround
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_kit.errors import Refused
from bp_kit.inbox import MessageHandler
from bp_kit.names import country_of, require_author
from bp_kit.outbox import Outbox
from bp_kit.ports import Seams
from bp_kit.subjects.holdings import Held, Holdings, Sought
from bp_kit.subjects.restrictions import BLOCK, HOLD, lift, restrict, restrictions_of
from bp_kit.tables import service_metadata
from bp_kit.telemetry import current_trace_id
from bp_kit.validation import check

ANSWERED = "bluepacific.identity.v1.subject.answered"
_LISTED = 1000
_DONE = subject_pb2.FINDING_GROUND_UNSPECIFIED
_HELD = subject_pb2.FINDING_GROUND_LEGAL_HOLD
_RESTRICTED = {
    subject_pb2.SUBJECT_ACT_BLOCK: (restrict, BLOCK),
    subject_pb2.SUBJECT_ACT_HOLD: (restrict, HOLD),
}
_LIFTED = {subject_pb2.SUBJECT_ACT_UNBLOCK: BLOCK, subject_pb2.SUBJECT_ACT_RELEASE: HOLD}
_audit = service_metadata().tables["audit"]


def asked_topic(service: str) -> str:
    """Returns the topic on which a service is asked."""
    return f"bluepacific.{service}.v1.subject.asked"


class SubjectDesk:
    """Answers for one service.

    Args:
        holdings: What it holds.
        seams: For ids, the clock and the own country.
        service: Its short name.
    """

    def __init__(self, holdings: Holdings, seams: Seams, service: str) -> None:
        self._holdings = holdings
        self._seams = seams
        self._service = service

    def by_topic(self) -> dict[str, MessageHandler]:
        """Returns the handler by its topic."""
        return {asked_topic(self._service): self.answer}

    async def answer(self, session: AsyncSession, message: topics_pb2.Message) -> None:
        """Does what is asked, and answers; within the transaction of the delivery.

        Raises:
            Refused: INVALID_FIELD for what cannot be read, PERMISSION_DENIED for who speaks in another country's name.
        """
        asked = _read(message)
        asker = country_of(message.author)
        found = await self._holdings.find(session, _sought(asked))
        if asker != self._seams.country:
            found = [one for one in found if one.country == asker]
        acted_on = found[:_LISTED]
        grounds = await self._act(session, asked, acted_on)
        findings = await self._findings(session, asked, acted_on, grounds)
        await self._note(session, asked, message.author, findings)
        await Outbox(session, self._seams).send(
            topic=ANSWERED,
            payload=subject_pb2.SubjectAnswered(
                operation=asked.operation,
                service=self._service,
                act=asked.act,
                findings=findings,
                total_count=len(found),
            ),
            author=f"countries/{self._answering(message)}",
            recipients=[message.author],
            conversation=asked.operation,
            receipts=False,
        )

    def _answering(self, message: topics_pb2.Message) -> str:
        """The country that was asked; a node may serve several."""
        return country_of(message.recipients[0]) if message.recipients else self._seams.country

    async def _act(
        self, session: AsyncSession, asked: subject_pb2.SubjectAsked, found: list[Held]
    ) -> dict[str, FindingGround.ValueType]:
        """Returns why something was not done, by record."""
        names = [name for one in found for name in (one.record, *one.also)]
        if asked.act in _RESTRICTED:
            act, kind = _RESTRICTED[asked.act]
            await act(session, names, kind, operation=asked.operation, now=self._seams.clock())
        elif asked.act in _LIFTED:
            await lift(session, names, _LIFTED[asked.act])
        elif asked.act == subject_pb2.SUBJECT_ACT_ERASE:
            return await self._erase(session, asked, found)
        elif asked.act == subject_pb2.SUBJECT_ACT_CORRECT:
            values = {one.field: one.value for one in asked.corrections}
            return {one.record: await self._correct(session, one, asked, values) for one in found}
        return {}

    async def _erase(
        self, session: AsyncSession, asked: subject_pb2.SubjectAsked, found: list[Held]
    ) -> dict[str, FindingGround.ValueType]:
        held = await restrictions_of(session, [one.record for one in found])
        grounds = {}
        for one in found:
            if one.erased:
                continue
            kept = HOLD in held.get(one.record, ())
            grounds[one.record] = _HELD if kept else await self._erase_one(session, one, _sought(asked))
        return grounds

    async def _erase_one(self, session: AsyncSession, held: Held, sought: Sought) -> FindingGround.ValueType:
        """What a record's own rules refuse is undone, and holds up nothing else."""
        try:
            async with session.begin_nested():
                return await self._holdings.erase(session, held, sought)
        except Refused:
            return subject_pb2.FINDING_GROUND_REFUSED

    async def _correct(
        self, session: AsyncSession, held: Held, asked: subject_pb2.SubjectAsked, values: dict[str, str]
    ) -> FindingGround.ValueType:
        if held.country != country_of(asked.operation):
            return subject_pb2.FINDING_GROUND_OTHER_COUNTRY
        try:
            async with session.begin_nested():
                return await self._holdings.correct(session, held, _sought(asked), values)
        except Refused:
            return subject_pb2.FINDING_GROUND_REFUSED

    async def _findings(
        self,
        session: AsyncSession,
        asked: subject_pb2.SubjectAsked,
        found: list[Held],
        grounds: dict[str, FindingGround.ValueType],
    ) -> list[subject_pb2.Finding]:
        restricted = await restrictions_of(session, [one.record for one in found])
        return [
            subject_pb2.Finding(
                record=one.record,
                kind=one.kind,
                state=_state(asked.act, one, grounds.get(one.record, _DONE), restricted.get(one.record, set())),
                ground=grounds.get(one.record, _DONE),
                holders=one.holders,
            )
            for one in found
        ]

    async def _note(
        self, session: AsyncSession, asked: subject_pb2.SubjectAsked, author: str, findings: list[subject_pb2.Finding]
    ) -> None:
        if findings:
            await session.execute(insert(_audit), [self._record(asked, author, finding) for finding in findings])

    def _record(self, asked: subject_pb2.SubjectAsked, author: str, finding: subject_pb2.Finding) -> dict[str, Any]:
        act = subject_pb2.SubjectAct.Name(asked.act).removeprefix("SUBJECT_ACT_").lower()
        ground = FindingGround.Name(finding.ground).removeprefix("FINDING_GROUND_")
        return {
            "call_time": self._seams.clock(),
            "principal": author,
            "method": f"/bluepacific.{self._service}.v1.subject/{act}",
            "name": finding.record,
            "outcome": "OK" if finding.ground == _DONE else ground,
            "purpose": handling_pb2.Purpose.Name(handling_pb2.PURPOSE_DATA_PROTECTION),
            "trace_id": current_trace_id(),
            "detail": {"operation": asked.operation},
        }


def _state(
    act: subject_pb2.SubjectAct.ValueType, held: Held, ground: FindingGround.ValueType, restrictions: set[str]
) -> subject_pb2.FindingState.ValueType:
    if ground != _DONE:
        return subject_pb2.FINDING_STATE_KEPT
    if held.erased or act == subject_pb2.SUBJECT_ACT_ERASE:
        return subject_pb2.FINDING_STATE_ERASED
    if act == subject_pb2.SUBJECT_ACT_CORRECT:
        return subject_pb2.FINDING_STATE_CORRECTED
    return subject_pb2.FINDING_STATE_BLOCKED if BLOCK in restrictions else subject_pb2.FINDING_STATE_READABLE


def _sought(asked: subject_pb2.SubjectAsked) -> Sought:
    subject = asked.subject
    return replace(
        Sought(asked.operation, subject.officer, subject.display_name.strip(), subject.identifier.strip()),
        records=tuple(asked.records),
    )


def _read(message: topics_pb2.Message) -> subject_pb2.SubjectAsked:
    try:
        asked = subject_pb2.SubjectAsked.FromString(message.payload)
    except DecodeError:
        raise Refused("INVALID_FIELD", field="payload", description="cannot be read") from None
    check(asked)
    require_author(message.author, asked.operation)
    if _sought(asked).by_name_only and not asked.records:
        raise Refused("INVALID_FIELD", field="records", description="names neither a person nor a record")
    return asked
