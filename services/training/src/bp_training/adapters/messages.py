"""Domain to proto and back, for what crosses a border as well as for what the API shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bluepacific.common.v1 import text_pb2
from bluepacific.identity.v1 import officer_pb2
from bluepacific.training.v1 import course_pb2, credential_pb2, package_pb2, participation_pb2
from bp_kit.errors import Refused
from bp_kit.etags import etag_of
from bp_kit.times import moment, timestamp
from bp_training.domain.course import Course, CourseText
from bp_training.domain.credential import ALGORITHM, decode, did_of, encode, key_id_of
from bp_training.domain.names import digest_of
from bp_training.domain.package import Content, Lesson, Package
from bp_training.domain.participation import GENDERS, Participation, Report, Told
from bp_training.domain.verification import TrustedKey

_KEY_BYTES = 32


def course_message(course: Course) -> course_pb2.Course:
    """Returns the course's message."""
    return course_pb2.Course(
        name=course.name,
        title=text_pb2.LocalizedText(texts=course.text.title),
        description=text_pb2.LocalizedText(texts=course.text.description) if course.text.description else None,
        tags=course.text.tags,
        state=course_pb2.CourseState.Value(f"COURSE_STATE_{course.state}"),
        package=course.package,
        revision=course.revision,
        etag=etag_of(course.name, course.version),
        create_time=timestamp(course.create_time),
        update_time=timestamp(course.update_time),
        publish_time=timestamp(course.publish_time),
    )


def text_of(message: course_pb2.Course) -> CourseText:
    """Returns what people read about a course."""
    return CourseText(dict(message.title.texts), dict(message.description.texts), tuple(message.tags))


def replica_of(message: course_pb2.Course) -> Course:
    """Returns another country's course.

    Raises:
        Refused: INVALID_FIELD.
    """
    return Course(
        name=message.name,
        text=text_of(message),
        state=course_pb2.CourseState.Name(message.state).removeprefix("COURSE_STATE_"),
        package=message.package,
        revision=message.revision,
        version=message.revision,
        create_time=moment(message.create_time, "course.create_time"),
        update_time=moment(message.update_time, "course.update_time"),
        publish_time=moment(message.publish_time, "course.publish_time"),
    )


def package_message(package: Package, *, available: bool) -> package_pb2.Package:
    """Returns the package's message."""
    content = package.content
    return package_pb2.Package(
        name=package.name,
        size_bytes=content.size_bytes,
        unpacked_bytes=content.unpacked_bytes,
        file_count=content.file_count,
        title=content.title,
        lessons=[
            package_pb2.Lesson(
                lesson_id=lesson.lesson_id, title=lesson.title, href=lesson.href, mastery_score=lesson.mastery_score
            )
            for lesson in content.lessons
        ],
        available=available,
        create_time=timestamp(package.create_time),
    )


def package_of(message: package_pb2.Package, create_time: datetime) -> Package:
    """Returns another country's package, kept here from that moment on."""
    lessons = tuple(
        Lesson(one.lesson_id, one.title, one.href, one.mastery_score if one.HasField("mastery_score") else None)
        for one in message.lessons
    )
    content = Content(
        digest=digest_of(message.name),
        size_bytes=message.size_bytes,
        unpacked_bytes=message.unpacked_bytes,
        file_count=message.file_count,
        title=message.title,
        lessons=lessons,
    )
    return Package(message.name, content, create_time)


def issuer_key_message(key: TrustedKey) -> credential_pb2.IssuerKey:
    """Returns the key's message."""
    return credential_pb2.IssuerKey(
        country=key.country,
        issuer=key.issuer,
        jwk=credential_pb2.Jwk(
            kty="OKP", crv="Ed25519", x=encode(key.public_key), kid=key_id_of(key.issuer), alg=ALGORITHM, use="sig"
        ),
    )


def issuer_key_of(message: credential_pb2.IssuerKey) -> TrustedKey:
    """Returns another country's key; its issuer is derived from the key, whatever the message says.

    Raises:
        Refused: INVALID_FIELD.
    """
    try:
        public_key = decode(message.jwk.x)
    except ValueError:
        public_key = b""
    if len(public_key) != _KEY_BYTES:
        raise Refused("INVALID_FIELD", field="issuer_key.jwk.x", description="is not an Ed25519 public key")
    return TrustedKey(message.country, did_of(public_key), public_key)


def report_message(report: Report) -> participation_pb2.ParticipationReport:
    """Returns the report's message."""
    told = report.participation
    return participation_pb2.ParticipationReport(
        name=report.name,
        course=report.course,
        enrolled_count=told.enrolled_count,
        completed=_count(told.completed),
        in_progress=_count(told.in_progress),
        genders=[
            participation_pb2.GenderParticipation(
                gender=officer_pb2.Gender.Value(f"GENDER_{gender}"),
                enrolled=_count(told.enrolled_by_gender[gender]),
                completed=_count(told.completed_by_gender[gender]),
            )
            for gender in GENDERS
        ],
        threshold=told.threshold,
        report_time=timestamp(report.report_time),
    )


def report_of(message: participation_pb2.ParticipationReport) -> Report:
    """Returns a report that another country sent.

    Raises:
        Refused: INVALID_FIELD.
    """
    by_gender: Mapping[str, participation_pb2.GenderParticipation] = {
        officer_pb2.Gender.Name(one.gender).removeprefix("GENDER_"): one for one in message.genders
    }
    if set(by_gender) != set(GENDERS):
        raise Refused("INVALID_FIELD", field="reports.genders", description="does not list every gender once")
    numbers = Participation(
        enrolled_count=message.enrolled_count,
        completed=_told(message.completed),
        in_progress=_told(message.in_progress),
        enrolled_by_gender={gender: _told(by_gender[gender].enrolled) for gender in GENDERS},
        completed_by_gender={gender: _told(by_gender[gender].completed) for gender in GENDERS},
        threshold=message.threshold,
    )
    return Report(message.name, message.course, numbers, moment(message.report_time, "reports.report_time"))


def _count(told: Told) -> participation_pb2.Count:
    return participation_pb2.Count(value=told, suppressed=told is None)


def _told(count: participation_pb2.Count) -> Told:
    return count.value if count.HasField("value") else None
