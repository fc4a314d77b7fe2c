"""Chapter: PTCCC publishes a course; a learner in Tonga passes it; the credential verifies off line; PTCCC sees numbers only."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Iterator

from google.api import httpbody_pb2
from google.protobuf import timestamp_pb2

from bluepacific.common.v1 import text_pb2
from bluepacific.identity.v1 import officer_pb2
from bluepacific.training.v1 import (
    course_pb2,
    course_service_pb2,
    credential_service_pb2,
    enrolment_pb2,
    enrolment_service_pb2,
    package_service_pb2,
    participation_pb2,
    participation_service_pb2,
)
from bp_client import AsyncBluePacific
from bp_node.region.plan import CADETS
from bp_node.scenario import credential, materials
from bp_node.scenario.cast import Cast
from bp_node.scenario.story import Story, promised

_TITLE = "Vessel identity: papers, flags and numbers"
_LESSON = "papers"


async def play(story: Story, cast: Cast) -> None:
    """Plays the chapter.

    Raises:
        BrokenPromise: As `Story.step`.
    """
    course = await _publish(story, cast)
    await _arrive(story, cast, course)
    enrolment = await _learn(story, cast, course)
    await _verify(story, cast, enrolment)
    await _count(story, cast, course)


async def _publish(story: Story, cast: Cast) -> course_pb2.Course:
    lagi = await cast.person("ptccc", "lagi")
    zipped = materials.scorm_package(_TITLE, lesson=_LESSON)
    async with story.step("Apia: Lagi makes a course and uploads its SCORM 1.2 package") as step:
        wanted = course_pb2.Course(title=_texts(), tags=["GPG7", "14.4"])
        course = await lagi.training.courses.CreateCourse(
            course_service_pb2.CreateCourseRequest(
                parent="countries/WSM", course=wanted, course_id=f"vessel-identity-{cast.run_id}"
            )
        )
        package = await lagi.training.packages.UploadPackage(_upload(course.name, zipped))
        lessons = [lesson.lesson_id for lesson in package.lessons]
        step.shows(
            course=course.name,
            package=package.name[-20:],
            size=f"{package.size_bytes} bytes",
            lessons=", ".join(lessons),
        )
        promised(lessons == [_LESSON], "the package's one lesson is found in its manifest")
    async with story.step("Apia: Lagi publishes it to every country") as step:
        published = await lagi.training.courses.PublishCourse(
            course_service_pb2.PublishCourseRequest(name=course.name, package=package.name)
        )
        step.shows(
            state=course_pb2.CourseState.Name(published.state).removeprefix("COURSE_STATE_").lower(),
            revision=published.revision,
        )
        promised(published.state == course_pb2.COURSE_STATE_PUBLISHED, "the course is published")
    return published


async def _arrive(story: Story, cast: Cast, course: course_pb2.Course) -> None:
    for node, officer, place in (("fji", "litia", "Suva"), ("ton", "viliami", "Nuku'alofa")):
        reader = await cast.person(node, officer)
        async with story.step(f"{place}: the course is in the list, and its package is there to the last byte") as step:

            async def arrived(reader: AsyncBluePacific = reader) -> bytes | None:
                await reader.training.courses.GetCourse(course_service_pb2.GetCourseRequest(name=course.name))
                asked = package_service_pb2.DownloadPackageRequest(name=course.package)
                chunks = [chunk.data async for chunk in reader.training.packages.DownloadPackage(asked)]
                return b"".join(chunks)

            content = await story.until(f"{place} has the course", arrived)
            step.shows(bytes=len(content))
            promised(_digest(content) == course.package.rpartition("/")[2], "the file is the one that was published")


async def _learn(story: Story, cast: Cast, course: course_pb2.Course) -> enrolment_pb2.Enrolment:
    viliami = await cast.person("ton", "viliami")
    lupe = await cast.person("ton", "lupe")
    async with story.step(f"Nuku'alofa: Viliami enrols his class of {len(CADETS)}") as step:
        enrolments = await asyncio.gather(*(_enrol(viliami, course.name, cast.name("ton", cadet)) for cadet in CADETS))
        step.shows(enrolled=len({enrolment.name for enrolment in enrolments}))
    async with story.step("Nuku'alofa: Lupe enrols, reads the lesson and passes it") as step:
        enrolment = await _enrol(lupe, course.name)
        opened = [
            chunk
            async for chunk in lupe.training.packages.GetPackageContent(
                package_service_pb2.GetPackageContentRequest(name=enrolment.package, path="lesson/index.html")
            )
        ]
        promised(b"IMO number" in b"".join(chunk.data for chunk in opened), "the lesson's page is served")
        request = enrolment_service_pb2.RecordStatementsRequest(
            parent=enrolment.name,
            statements=[
                _statement(enrolment_pb2.VERB_INITIALIZED),
                _statement(enrolment_pb2.VERB_PASSED, score=100),
                _statement(enrolment_pb2.VERB_TERMINATED),
            ],
        )
        recorded = await lupe.training.enrolments.RecordStatements(request)
        again = await lupe.training.enrolments.RecordStatements(request)
        state = enrolment_pb2.EnrolmentState.Name(recorded.enrolment.state).removeprefix("ENROLMENT_STATE_").lower()
        step.shows(state=state, sent_twice=f"{again.known_count} statements, counted once")
        promised(recorded.enrolment.state == enrolment_pb2.ENROLMENT_STATE_COMPLETED, "the course is completed")
        promised(again.recorded_count == 0, "the same statements sent twice count once")
    return recorded.enrolment


async def _enrol(client: AsyncBluePacific, course: str, learner: str = "") -> enrolment_pb2.Enrolment:
    wanted = enrolment_pb2.Enrolment(course=course, learner=learner)
    request = enrolment_service_pb2.CreateEnrolmentRequest(parent="countries/TON", enrolment=wanted)
    return await client.training.enrolments.CreateEnrolment(request)


async def _verify(story: Story, cast: Cast, enrolment: enrolment_pb2.Enrolment) -> None:
    lupe = await cast.person("ton", "lupe")
    holder = cast.name("ton", "lupe")
    async with story.step(
        "Nuku'alofa: Lupe's credential verifies off line, with nothing but Tonga's key got from Apia"
    ) as step:

        async def issued() -> str | None:
            asked = enrolment_service_pb2.GetEnrolmentRequest(name=enrolment.name)
            return (await lupe.training.enrolments.GetEnrolment(asked)).credential or None

        name = await story.until("the credential is issued", issued)
        held = await lupe.training.credentials.GetCredential(credential_service_pb2.GetCredentialRequest(name=name))
        apia = await cast.stranger("ptccc")

        async def known() -> dict[str, bytes] | None:
            answer = await apia.training.credentials.ListIssuerKeys(credential_service_pb2.ListIssuerKeysRequest())
            keys = {
                key.issuer: credential.raw_key(key.jwk.x) for key in answer.issuer_keys if key.country.endswith("/TON")
            }
            return keys or None

        keys = await story.until("Apia knows Tonga's key", known)
        verified = credential.verify(held.jwt, keys, holder)
        step.shows(title=verified.title, issuer=verified.issuer[:24] + "…", types=", ".join(verified.types))
        _promise_forgeries_fail(held.jwt, keys, holder)
    async with story.step("Suva: anybody checks it at Fiji's gateway, without an account") as step:
        suva = await cast.stranger("fji")

        async def valid() -> credential_service_pb2.VerifyCredentialResponse | None:
            asked = credential_service_pb2.VerifyCredentialRequest(jwt=held.jwt, recipient=holder)
            answer = await suva.training.credentials.VerifyCredential(asked)
            return answer if answer.valid else None

        answer = await story.until("Fiji finds it genuine", valid)
        step.shows(country=answer.country, course=answer.title)


def _promise_forgeries_fail(jwt: str, keys: dict[str, bytes], holder: str) -> None:
    head, body, signature = jwt.split(".")
    forged = f"{head}.{body[:-8]}{'A' * 8}.{signature}"
    for wrong, whose in ((forged, holder), (jwt, holder + "x")):
        try:
            credential.verify(wrong, keys, whose)
        except credential.UnverifiedError:
            continue
        promised(held=False, text="a forged credential, and one of somebody else, are told")


async def _count(story: Story, cast: Cast, course: course_pb2.Course) -> None:
    lagi = await cast.person("ptccc", "lagi")
    wanted = len(CADETS) + 1
    async with story.step("Apia: Lagi sees Tonga's participation by gender, in numbers only") as step:

        async def counted() -> participation_pb2.ParticipationReport | None:
            answer = await lagi.training.participations.ListParticipationReports(
                participation_service_pb2.ListParticipationReportsRequest(
                    parent="countries/TON", filter=f'course = "{course.name}"'
                )
            )
            return next((report for report in answer.participation_reports if report.enrolled_count == wanted), None)

        report = await story.until("Tonga's numbers are in Apia", counted)
        genders = {
            officer_pb2.Gender.Name(one.gender).removeprefix("GENDER_").lower(): _told(one.enrolled)
            for one in report.genders
        }
        step.shows(
            enrolled=report.enrolled_count,
            by_gender=", ".join(f"{count} {gender}" for gender, count in genders.items()),
            completed=_told(report.completed),
        )
        promised("countries/TON/officers" not in str(report), "no person is in the report")
        promised(genders.get("female") and genders.get("male"), "women and men are counted apart")


def _told(count: participation_pb2.Count) -> str:
    return "withheld (too few)" if count.suppressed else str(count.value)


def _texts() -> text_pb2.LocalizedText:
    return text_pb2.LocalizedText(
        texts={
            "en": _TITLE,
            "fr": "Identité des navires : papiers, pavillons et numéros",
            "es": "Identidad de los buques: documentos, pabellones y números",
            "ar": "هوية السفن: الوثائق والأعلام والأرقام",
        }
    )


def _upload(course: str, zipped: bytes) -> Iterator[package_service_pb2.UploadPackageRequest]:
    for number, piece in enumerate(materials.pieces(zipped)):
        content = httpbody_pb2.HttpBody(content_type="" if number else "application/zip", data=piece)
        yield package_service_pb2.UploadPackageRequest(parent="" if number else course, content=content)


def _statement(verb: enrolment_pb2.Verb.ValueType, score: float | None = None) -> enrolment_pb2.Statement:
    now = timestamp_pb2.Timestamp()
    now.GetCurrentTime()
    return enrolment_pb2.Statement(
        statement_id=str(uuid.uuid4()), lesson_id=_LESSON, verb=verb, score=score, event_time=now
    )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
