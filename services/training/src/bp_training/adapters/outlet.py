"""Topics that training sends, and the notifications it asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from google.protobuf.message import Message

from bluepacific.common.v1 import blob_pb2, handling_pb2
from bluepacific.notifications.v1 import events_pb2 as notifications_pb2
from bluepacific.training.v1 import events_pb2
from bp_kit.names import country_of
from bp_kit.outbox import Outbox
from bp_training.adapters.messages import course_message, issuer_key_message, package_message, report_message
from bp_training.domain.course import Course
from bp_training.domain.enrolment import Credential
from bp_training.domain.names import digest_of
from bp_training.domain.package import Package
from bp_training.domain.participation import Report
from bp_training.domain.verification import TrustedKey

COURSE_PUBLISHED = "bluepacific.training.v1.course.published"
PARTICIPATION_REPORTED = "bluepacific.training.v1.participation.reported"
ISSUER_KEY_ANNOUNCED = "bluepacific.training.v1.issuer_key.announced"
LIBRARY_REQUESTED = "bluepacific.training.v1.library.requested"
LEARNER_CHANGED = "bluepacific.training.v1.learner.changed"
_ROUTINE, _BULK = handling_pb2.URGENCY_ROUTINE, handling_pb2.URGENCY_BULK


class OutboxOutlet:
    """Sends through the outbox, in the current transaction.

    Args:
        outbox: Of the session.
        centre: Code of the country that collects participation.
    """

    def __init__(self, outbox: Outbox, centre: str) -> None:
        self._outbox = outbox
        self._centre = centre

    async def course_published(self, course: Course, package: Package, recipients: Iterable[str]) -> None:
        """Sends a course and its package to countries, when the link has nothing more urgent."""
        digest = digest_of(package.name)
        blob = blob_pb2.Blob(
            digest=digest,
            size_bytes=package.content.size_bytes,
            media_type="application/zip",
            file_name=f"{course.name.rpartition('/')[2]}.zip",
        )
        payload = events_pb2.CoursePublished(
            course=course_message(course), package=package_message(package, available=False)
        )
        await self._send(COURSE_PUBLISHED, payload, course.name, recipients, urgency=_BULK, blobs=(blob,))

    async def participation_reported(self, country: str, reports: Iterable[Report], version: int) -> None:
        """Sends a country's numbers to the centre."""
        name = f"countries/{country}"
        payload = events_pb2.ParticipationReported(
            country=name, reports=[report_message(report) for report in reports], version=version
        )
        await self._send(PARTICIPATION_REPORTED, payload, name, [f"countries/{self._centre}"])

    async def key_announced(self, key: TrustedKey, recipients: Iterable[str]) -> None:
        """Tells countries with which key a country issues credentials."""
        payload = events_pb2.IssuerKeyAnnounced(issuer_key=issuer_key_message(key))
        await self._send(ISSUER_KEY_ANNOUNCED, payload, key.country, recipients)

    async def library_requested(self, country: str, courses: Mapping[str, int], issuers: Iterable[str]) -> None:
        """Asks every country for what is not among these courses (name -> revision) and issuers."""
        name = f"countries/{country}"
        payload = events_pb2.LibraryRequested(
            country=name,
            courses=[events_pb2.KnownCourse(name=course, revision=courses[course]) for course in courses],
            issuers=issuers,
        )
        await self._send(LIBRARY_REQUESTED, payload, name, ["countries/-"])

    async def tell_of_course(self, course: str, units: Iterable[str]) -> None:
        """Notifies learners and trainers of units here."""
        for unit in units:
            requested = notifications_pb2.NotificationRequested(
                template="training.course_published", subject=course, unit=unit, roles=["learner", "trainer"]
            )
            await self._outbox.notify(requested, author=f"countries/{country_of(unit)}")

    async def tell_of_credential(self, credential: Credential) -> None:
        """Notifies the learner."""
        requested = notifications_pb2.NotificationRequested(
            template="training.credential_issued", subject=credential.name, officer=credential.learner
        )
        await self._outbox.notify(requested, author=f"countries/{country_of(credential.name)}")

    async def _send(
        self,
        topic: str,
        payload: Message,
        subject: str,
        recipients: Iterable[str],
        *,
        urgency: handling_pb2.Urgency.ValueType = _ROUTINE,
        blobs: Iterable[blob_pb2.Blob] = (),
    ) -> None:
        await self._outbox.send(
            topic=topic,
            payload=payload,
            author=f"countries/{country_of(subject)}",
            recipients=recipients,
            urgency=urgency,
            handling=handling_pb2.Handling(tlp=handling_pb2.TLP_GREEN, purpose=handling_pb2.PURPOSE_TRAINING),
            conversation=subject,
            blobs=blobs,
            receipts=False,
        )
