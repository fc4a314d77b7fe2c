"""SubjectService, and the answers that come to it."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import DecodeError
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.common.v1 import subject_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.identity.v1 import subject_operation_pb2
from bluepacific.identity.v1 import subject_service_pb2 as pb
from bluepacific.identity.v1 import subject_service_pb2_grpc as grpc_
from bp_identity.adapters.subject_operations import (
    OutboxAsking,
    SqlOperations,
    corrections_message,
    subject_message,
)
from bp_identity.domain.subject_operation import Asked, Subject, SubjectOperation
from bp_identity.usecases.subjects import Answered, Draft, SubjectWork, begin, keep_answer
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.errors import Refused
from bp_kit.inbox import MessageHandler
from bp_kit.listing import listing_of
from bp_kit.names import country_of
from bp_kit.outbox import Outbox
from bp_kit.personal import personal_messages
from bp_kit.ports import Seams
from bp_kit.subjects.desk import ANSWERED
from bp_kit.times import timestamp
from bp_kit.validation import check
from bp_kit.wording import wording_of

_ACT, _STATE = "SUBJECT_ACT_", "SUBJECT_OPERATION_STATE_"
_SETTLED = (subject_pb2.FINDING_STATE_BLOCKED, subject_pb2.FINDING_STATE_ERASED)
_GROUND = subject_pb2.FindingGround.DESCRIPTOR


class SubjectServicer(grpc_.SubjectServiceServicer):
    """Everything about a person, everywhere.

    Args:
        seams: For ids, the clock and what seals page tokens.
        countries: Codes of the countries whose people are kept here.
    """

    def __init__(self, seams: Seams, countries: tuple[str, ...]) -> None:
        self._seams = seams
        self._countries = countries

    async def CreateSubjectOperation(
        self, request: pb.CreateSubjectOperationRequest, context: Any
    ) -> subject_operation_pb2.SubjectOperation:
        """Asks every service of this node."""
        work = self._on(current_session())
        begun = await begin(work, current_call().principal.name, request.parent, _draft(request.subject_operation))
        return _message(begun, await work.operations.asked(begun.name))

    async def GetSubjectOperation(
        self, request: pb.GetSubjectOperationRequest, context: Any
    ) -> subject_operation_pb2.SubjectOperation:
        """Gets an operation with its answers."""
        work = self._on(current_session())
        found = await work.operations.find(request.name)
        if found is None:
            raise Refused("NOT_FOUND", name=request.name)
        return _message(found, await work.operations.asked(found.name))

    async def ListSubjectOperations(
        self, request: pb.ListSubjectOperationsRequest, context: Any
    ) -> pb.ListSubjectOperationsResponse:
        """Lists operations, newest first."""
        listed = await self._on(current_session()).operations.page(listing_of(request))
        return pb.ListSubjectOperationsResponse(
            subject_operations=[_message(one, []) for one in listed.items], next_page_token=listed.next_token
        )

    def by_topic(self) -> dict[str, MessageHandler]:
        """Returns what hears the answers."""
        return {ANSWERED: self.answered}

    async def answered(self, session: AsyncSession, message: topics_pb2.Message) -> None:
        """Keeps what a service answered.

        Raises:
            Refused: INVALID_FIELD for what cannot be read; NOT_FOUND for what nobody asked.
        """
        try:
            answered = subject_pb2.SubjectAnswered.FromString(message.payload)
        except DecodeError:
            raise Refused("INVALID_FIELD", field="payload", description="cannot be read") from None
        check(answered)
        await keep_answer(self._on(session), _answered(answered, country_of(message.author)))

    def _on(self, session: AsyncSession) -> SubjectWork:
        return SubjectWork(
            operations=SqlOperations(session, self._seams.sealer),
            asking=OutboxAsking(Outbox(session, self._seams)),
            services=personal_messages(),
            countries=self._countries,
            clock=self._seams.clock,
            ids=self._seams.ids,
        )


def _draft(given: subject_operation_pb2.SubjectOperation) -> Draft:
    if not given.act:
        raise Refused("INVALID_FIELD", field="subject_operation.act", description="is needed")
    return Draft(
        act=subject_pb2.SubjectAct.Name(given.act).removeprefix(_ACT),
        subject=Subject(given.subject.officer, given.subject.display_name.strip(), given.subject.identifier.strip()),
        records=tuple(given.records),
        corrections={one.field: one.value for one in given.corrections},
        reason=given.reason,
    )


def _answered(answered: subject_pb2.SubjectAnswered, country: str) -> Answered:
    copies: dict[str, list[str]] = {}
    for finding in answered.findings:
        for holder in finding.holders:
            copies.setdefault(country_of(holder), []).append(finding.record)
    return Answered(
        operation=answered.operation,
        country=country,
        service=answered.service,
        act=subject_pb2.SubjectAct.Name(answered.act).removeprefix(_ACT),
        settled=tuple(finding.record for finding in answered.findings if finding.state in _SETTLED),
        copies=copies,
        raw=answered.SerializeToString(),
    )


def _message(operation: SubjectOperation, asked: list[Asked]) -> subject_operation_pb2.SubjectOperation:
    return subject_operation_pb2.SubjectOperation(
        name=operation.name,
        act=subject_pb2.SubjectAct.Value(f"{_ACT}{operation.act}"),
        subject=subject_message(operation.subject),
        records=operation.records,
        corrections=corrections_message(operation.corrections),
        reason=operation.reason,
        officer=operation.officer,
        state=subject_operation_pb2.SubjectOperationState.Value(f"{_STATE}{operation.state}"),
        create_time=timestamp(operation.create_time),
        update_time=timestamp(operation.update_time),
        answers=[_answer(one) for one in asked],
    )


def _answer(asked: Asked) -> subject_operation_pb2.SubjectAnswer:
    answered = subject_pb2.SubjectAnswered.FromString(asked.answer)
    grounds = sorted({finding.ground for finding in answered.findings if finding.ground})
    language = current_call().language
    return subject_operation_pb2.SubjectAnswer(
        country=f"countries/{asked.country}",
        service=asked.service,
        ask_time=timestamp(asked.ask_time),
        answer_time=timestamp(asked.answer_time),
        findings=answered.findings,
        total_count=answered.total_count,
        explanations=[wording_of(_GROUND, ground, language, {}) for ground in grounds],
    )
