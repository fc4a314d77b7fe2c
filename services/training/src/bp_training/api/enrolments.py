"""EnrolmentService."""

from __future__ import annotations

from typing import Any

from bluepacific.training.v1 import enrolment_pb2
from bluepacific.training.v1 import enrolment_service_pb2 as pb
from bluepacific.training.v1 import enrolment_service_pb2_grpc as grpc_
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.listing import listing_of
from bp_kit.names import country_of
from bp_kit.times import moment, timestamp
from bp_training.adapters.unit_of_work import Workshop
from bp_training.domain.statement import LessonProgress, Statement
from bp_training.usecases import enrolments
from bp_training.usecases.enrolments import Standing, enrolment_etag
from bp_training.usecases.work import Recorded


class EnrolmentServicer(grpc_.EnrolmentServiceServicer):
    """Enrolments of the own country.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def CreateEnrolment(self, request: pb.CreateEnrolmentRequest, context: Any) -> enrolment_pb2.Enrolment:
        """Enrols somebody in a published course."""
        standing = await enrolments.enrol_learner(
            self._workshop.on(current_session()),
            current_call().principal,
            country=country_of(request.parent),
            course=request.enrolment.course,
            learner=request.enrolment.learner,
        )
        return _enrolment_message(standing)

    async def GetEnrolment(self, request: pb.GetEnrolmentRequest, context: Any) -> enrolment_pb2.Enrolment:
        """Gets an enrolment."""
        work = self._workshop.on(current_session())
        return _enrolment_message(await enrolments.get_enrolment(work, current_call().principal, request.name))

    async def ListEnrolments(self, request: pb.ListEnrolmentsRequest, context: Any) -> pb.ListEnrolmentsResponse:
        """Lists enrolments, oldest first."""
        work = self._workshop.on(current_session())
        listed = await enrolments.list_enrolments(work, current_call().principal, listing_of(request))
        return pb.ListEnrolmentsResponse(
            enrolments=[_enrolment_message(standing) for standing in listed.items], next_page_token=listed.next_token
        )

    async def RecordStatements(self, request: pb.RecordStatementsRequest, context: Any) -> pb.RecordStatementsResponse:
        """Records what happened in the caller's own enrolment."""
        recording = await enrolments.record_statements(
            self._workshop.on(current_session()),
            current_call().principal,
            request.parent,
            [_statement(one, f"statements[{position}]") for position, one in enumerate(request.statements)],
        )
        return pb.RecordStatementsResponse(
            enrolment=_enrolment_message(recording.standing),
            recorded_count=recording.recorded,
            known_count=recording.known,
        )

    async def ListStatements(self, request: pb.ListStatementsRequest, context: Any) -> pb.ListStatementsResponse:
        """Lists what happened in the caller's own enrolment."""
        work = self._workshop.on(current_session())
        listed = await enrolments.list_statements(work, current_call().principal, listing_of(request))
        return pb.ListStatementsResponse(
            statements=[_statement_message(one) for one in listed.items], next_page_token=listed.next_token
        )


def _enrolment_message(standing: Standing) -> enrolment_pb2.Enrolment:
    enrolment, progress = standing.enrolment, standing.progress
    return enrolment_pb2.Enrolment(
        name=enrolment.name,
        course=enrolment.course,
        package=enrolment.package,
        learner=enrolment.learner,
        state=enrolment_pb2.EnrolmentState.Value(f"ENROLMENT_STATE_{enrolment.state}"),
        lessons=[_lesson_message(lesson) for lesson in progress.lessons] if progress else (),
        create_time=timestamp(enrolment.create_time),
        complete_time=timestamp(enrolment.complete_time),
        credential=enrolment.credential if progress else "",
        etag=enrolment_etag(enrolment),
    )


def _lesson_message(lesson: LessonProgress) -> enrolment_pb2.LessonProgress:
    return enrolment_pb2.LessonProgress(
        lesson_id=lesson.lesson_id,
        state=enrolment_pb2.LessonState.Value(f"LESSON_STATE_{lesson.state}"),
        best_score=lesson.best_score,
    )


def _statement(message: enrolment_pb2.Statement, field: str) -> Statement:
    return Statement(
        statement_id=message.statement_id.lower(),
        lesson_id=message.lesson_id,
        verb=enrolment_pb2.Verb.Name(message.verb).removeprefix("VERB_"),
        event_time=moment(message.event_time, f"{field}.event_time"),
        score=message.score if message.HasField("score") else None,
    )


def _statement_message(recorded: Recorded) -> enrolment_pb2.Statement:
    statement = recorded.statement
    return enrolment_pb2.Statement(
        statement_id=statement.statement_id,
        lesson_id=statement.lesson_id,
        verb=enrolment_pb2.Verb.Value(f"VERB_{statement.verb}"),
        score=statement.score,
        event_time=timestamp(statement.event_time),
        record_time=timestamp(recorded.record_time),
    )
