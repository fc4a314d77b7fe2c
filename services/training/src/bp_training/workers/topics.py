"""What arrives for training: other countries' courses, keys and numbers, and what identity tells of the own people."""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.message import DecodeError, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.identity.v1 import events_pb2 as identity_pb2
from bluepacific.identity.v1 import officer_pb2
from bluepacific.training.v1 import events_pb2
from bp_kit.errors import Refused
from bp_kit.inbox import MessageHandler
from bp_kit.names import country_of, require_author
from bp_kit.validation import check
from bp_training.adapters import messages
from bp_training.adapters.outlet import (
    COURSE_PUBLISHED,
    ISSUER_KEY_ANNOUNCED,
    LEARNER_CHANGED,
    LIBRARY_REQUESTED,
    PARTICIPATION_REPORTED,
)
from bp_training.adapters.unit_of_work import Workshop
from bp_training.domain.course import PUBLISHED
from bp_training.domain.enrolment import Learner
from bp_training.domain.names import course_of
from bp_training.usecases import courses, library, participation

Payload = TypeVar("Payload", bound=Message)
_UNDISCLOSED = "UNDISCLOSED"
_UNSPECIFIED = "UNSPECIFIED"


class Handlers:
    """Handlers of training's topics, each within the transaction of its delivery.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._country = workshop.seams.country

    def by_topic(self) -> dict[str, MessageHandler]:
        """Returns the handlers by topic."""
        return {
            COURSE_PUBLISHED: self.course_published,
            PARTICIPATION_REPORTED: self.participation_reported,
            ISSUER_KEY_ANNOUNCED: self.key_announced,
            LIBRARY_REQUESTED: self.library_requested,
            LEARNER_CHANGED: self.learner_changed,
        }

    async def course_published(self, session: AsyncSession, message: topics_pb2.Message) -> None:
        """Keeps another country's course."""
        payload = _payload(events_pb2.CoursePublished, message)
        require_author(message.author, payload.course.name)
        if country_of(message.author) == self._country:
            return
        work = self._workshop.on(session)
        course = messages.replica_of(payload.course)
        package = messages.package_of(payload.package, work.clock())
        fits = course_of(package.name) == course.name and course.package == package.name and package.content.lessons
        if course.state != PUBLISHED or not fits or not course.text.title.get("en"):
            raise Refused("INVALID_FIELD", field="payload", description="is not a published course with its package")
        await courses.keep_replica(work, course, package, self._country)

    async def participation_reported(self, session: AsyncSession, message: topics_pb2.Message) -> None:
        """Keeps another country's numbers, at the centre."""
        payload = _payload(events_pb2.ParticipationReported, message)
        require_author(message.author, payload.country)
        reports = [messages.report_of(report) for report in payload.reports]
        for report in reports:
            require_author(message.author, report.name)
        country = country_of(payload.country)
        if country != self._country:
            await participation.keep_reports(self._workshop.on(session), country, reports, payload.version)

    async def key_announced(self, session: AsyncSession, message: topics_pb2.Message) -> None:
        """Keeps another country's key."""
        payload = _payload(events_pb2.IssuerKeyAnnounced, message)
        key = messages.issuer_key_of(payload.issuer_key)
        require_author(message.author, key.country)
        await library.keep_key(self._workshop.on(session), key)

    async def library_requested(self, session: AsyncSession, message: topics_pb2.Message) -> None:
        """Answers a node that asks for courses and keys."""
        payload = _payload(events_pb2.LibraryRequested, message)
        require_author(message.author, payload.country)
        if country_of(payload.country) == self._country:
            return
        await library.answer_library(
            self._workshop.on(session),
            self._country,
            payload.country,
            courses={course.name: course.revision for course in payload.courses},
            issuers=set(payload.issuers),
        )

    async def learner_changed(self, session: AsyncSession, message: topics_pb2.Message) -> None:
        """Keeps what the own country's identity tells of an officer."""
        payload = _payload(identity_pb2.LearnerChanged, message)
        require_author(message.author, payload.officer)
        gender = officer_pb2.Gender.Name(payload.gender).removeprefix("GENDER_")
        learner = Learner(
            officer=payload.officer,
            gender=_UNDISCLOSED if gender == _UNSPECIFIED else gender,
            units=tuple(payload.units),
            active=payload.active,
            version=payload.version,
        )
        await participation.keep_learner(self._workshop.on(session), learner)


def _payload(kind: type[Payload], message: topics_pb2.Message) -> Payload:
    """Returns a message's content, checked by its proto's rules.

    Raises:
        Refused: INVALID_FIELD.
    """
    try:
        payload = kind.FromString(message.payload)
    except DecodeError:
        raise Refused("INVALID_FIELD", field="payload", description="cannot be read") from None
    check(payload)
    return payload
