"""What tests do with a running service, in few words."""

import uuid
from datetime import UTC, datetime

from google.api.httpbody_pb2 import HttpBody

from bluepacific.common.v1 import text_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.identity.v1 import events_pb2 as identity_pb2
from bluepacific.identity.v1 import officer_pb2
from bluepacific.training.v1 import course_pb2, enrolment_pb2
from bluepacific.training.v1 import course_service_pb2 as courses_pb2
from bluepacific.training.v1 import course_service_pb2_grpc as courses_grpc
from bluepacific.training.v1 import credential_service_pb2_grpc as credentials_grpc
from bluepacific.training.v1 import enrolment_service_pb2 as enrolments_pb2
from bluepacific.training.v1 import enrolment_service_pb2_grpc as enrolments_grpc
from bluepacific.training.v1 import package_service_pb2 as packages_pb2
from bluepacific.training.v1 import package_service_pb2_grpc as packages_grpc
from bluepacific.training.v1 import participation_service_pb2_grpc as participation_grpc
from bp_training.examples import build_package

LESSONS = ("papers-and-paint", "check-a-vessel")


class Classroom:
    """One country's training service.

    Args:
        under_test: From the kit's harness.
        country: Its code.
    """

    def __init__(self, under_test, country):
        self.under_test = under_test
        self.country = country
        self.topics = under_test.topics
        self.courses = courses_grpc.CourseServiceStub(under_test.channel)
        self.packages = packages_grpc.PackageServiceStub(under_test.channel)
        self.enrolments = enrolments_grpc.EnrolmentServiceStub(under_test.channel)
        self.credentials = credentials_grpc.CredentialServiceStub(under_test.channel)
        self.participation = participation_grpc.ParticipationServiceStub(under_test.channel)
        self.refused = under_test.refused

    def officer(self, who):
        return f"countries/{self.country}/officers/{who}"

    def as_(self, who, *roles, country=None):
        """Returns call metadata of an officer with roles: `as_("mele", "learner")`."""
        name = f"countries/{country or self.country}/officers/{who}"
        return self.under_test.token(name, [f"{role}@academy" for role in roles])

    @property
    def manager(self):
        return self.as_("sina", "course_manager")

    def create_course(self, course_id="vessel-identity", **fields):
        values = {"title": text_pb2.LocalizedText(texts={"en": "Vessels", "fr": "Navires"}), "tags": ["GPG7", "14.4"]}
        request = courses_pb2.CreateCourseRequest(
            parent=f"countries/{self.country}", course_id=course_id, course=course_pb2.Course(**(values | fields))
        )
        return self.courses.CreateCourse(request, metadata=self.manager)

    def upload(self, course, content=None, *, metadata=None, piece=1000, content_type="application/zip"):
        content = build_package() if content is None else content

        async def pieces():
            body = HttpBody(content_type=content_type, data=content[:piece])
            yield packages_pb2.UploadPackageRequest(parent=course, content=body)
            for start in range(piece, len(content), piece):
                yield packages_pb2.UploadPackageRequest(content=HttpBody(data=content[start : start + piece]))

        return self.packages.UploadPackage(pieces(), metadata=metadata or self.manager)

    def publish(self, course, **fields):
        return self.courses.PublishCourse(
            courses_pb2.PublishCourseRequest(name=course, **fields), metadata=self.manager
        )

    async def published_course(self, course_id="vessel-identity"):
        course = await self.create_course(course_id)
        await self.upload(course.name)
        return await self.publish(course.name)

    def enrol(self, course, who="mele", *roles, learner="", request_id=""):
        request = enrolments_pb2.CreateEnrolmentRequest(
            parent=f"countries/{self.country}",
            enrolment=enrolment_pb2.Enrolment(course=course, learner=learner),
            request_id=request_id,
        )
        return self.enrolments.CreateEnrolment(request, metadata=self.as_(who, *(roles or ("learner",))))

    def record(self, enrolment, statements, who="mele"):
        request = enrolments_pb2.RecordStatementsRequest(parent=enrolment, statements=statements)
        return self.enrolments.RecordStatements(request, metadata=self.as_(who, "learner"))

    async def complete(self, course, who="mele"):
        enrolment = await self.enrol(course, who)
        return (await self.record(enrolment.name, passed(), who)).enrolment

    async def learn_of(self, who, gender="FEMALE", *, version=1, active=True, author=None):
        """Delivers what identity tells of an officer."""
        payload = identity_pb2.LearnerChanged(
            officer=self.officer(who),
            country=self.country,
            gender=officer_pb2.Gender.Value(f"GENDER_{gender}"),
            units=[f"countries/{self.country}/units/academy"],
            active=active,
            version=version,
        )
        await self.deliver("learner.changed", payload, author or f"countries/{self.country}")

    async def deliver(self, topic, payload, author):
        content = payload if isinstance(payload, bytes) else payload.SerializeToString()
        await self.topics.deliver(
            topics_pb2.Message(
                message_id=str(uuid.uuid4()),
                topic=f"bluepacific.training.v1.{topic}",
                author=author,
                recipients=[f"countries/{self.country}"],
                payload=content,
            )
        )

    async def pass_on(self, topic, to, count=1):
        """Delivers what was sent on a topic to another country's service; returns the last message."""
        message = (await self.topics.wait_sent(f"bluepacific.training.v1.{topic}", count))[-1]
        for blob in message.blobs:
            await to.under_test.seams.blobs.put(self.under_test.seams.blobs.open(blob.digest), limit=blob.size_bytes)
        await to.topics.deliver(message)
        return message


def statement(lesson, verb, *, score=None, at=None, statement_id=None):
    """Returns a statement as a client makes it."""
    made = enrolment_pb2.Statement(
        statement_id=statement_id or str(uuid.uuid4()),
        lesson_id=lesson,
        verb=enrolment_pb2.Verb.Value(f"VERB_{verb}"),
        score=score,
    )
    made.event_time.FromDatetime(at or datetime(2026, 5, 4, 12, tzinfo=UTC))
    return made


def passed():
    """Returns statements that complete the example course."""
    return [
        statement(LESSONS[0], "INITIALIZED"),
        statement(LESSONS[0], "COMPLETED"),
        statement(LESSONS[1], "INITIALIZED"),
        statement(LESSONS[1], "FAILED", score=40),
        statement(LESSONS[1], "PASSED", score=100),
    ]
