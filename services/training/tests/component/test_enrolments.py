import asyncio
import uuid
from datetime import UTC, datetime

import grpc
import pytest
from classroom import LESSONS, passed, statement

from bluepacific.training.v1 import credential_service_pb2 as credentials_pb2
from bluepacific.training.v1 import enrolment_pb2
from bluepacific.training.v1 import enrolment_service_pb2 as enrolments_pb2
from bp_kit.language import LANGUAGES
from bp_kit.reasons import reason_of
from bp_training.domain.verification import VerificationError
from bp_training.verify import keys_of, verify_credential

IN_PROGRESS, COMPLETED = enrolment_pb2.ENROLMENT_STATE_IN_PROGRESS, enrolment_pb2.ENROLMENT_STATE_COMPLETED
NOTIFICATION = "bluepacific.notifications.v1.notification.requested"


@pytest.fixture
async def course(wsm, ton):
    published = await wsm.published_course()
    await wsm.pass_on("course.published", ton)
    return published.name


def get(classroom, name, who, *roles):
    request = enrolments_pb2.GetEnrolmentRequest(name=name)
    return classroom.enrolments.GetEnrolment(request, metadata=classroom.as_(who, *roles))


def listed(classroom, who, *roles, **fields):
    request = enrolments_pb2.ListEnrolmentsRequest(parent=f"countries/{classroom.country}", **fields)
    return classroom.enrolments.ListEnrolments(request, metadata=classroom.as_(who, *roles))


def statements_of(classroom, name, who, **fields):
    request = enrolments_pb2.ListStatementsRequest(parent=name, **fields)
    return classroom.enrolments.ListStatements(request, metadata=classroom.as_(who, "learner"))


async def credential_of(classroom, name, who="mele"):
    request = credentials_pb2.GetCredentialRequest(name=name)
    return await classroom.credentials.GetCredential(request, metadata=classroom.as_(who, "learner"))


async def test_a_learner_enrols_passes_and_holds_a_credential_that_verifies_off_line(ton, course):
    enrolment = await ton.enrol(course)
    assert enrolment.learner == ton.officer("mele")
    assert enrolment.state == enrolment_pb2.ENROLMENT_STATE_ENROLLED
    assert [lesson.lesson_id for lesson in enrolment.lessons] == list(LESSONS)
    first = await ton.record(enrolment.name, passed()[:3])
    assert first.enrolment.state == IN_PROGRESS
    done = (await ton.record(enrolment.name, passed()[3:])).enrolment
    assert done.state == COMPLETED
    assert done.lessons[1].best_score == 100
    assert await get(ton, enrolment.name, "mele", "learner") == done

    credential = await credential_of(ton, done.credential)
    told = await ton.topics.wait_sent(NOTIFICATION)
    assert ton.officer("mele").encode() in told[-1].payload
    answer = await ton.credentials.ListIssuerKeys(credentials_pb2.ListIssuerKeysRequest())
    keys = {
        "issuerKeys": [
            {"country": key.country, "jwk": {"kty": key.jwk.kty, "crv": key.jwk.crv, "x": key.jwk.x}}
            for key in answer.issuer_keys
        ]
    }
    verified = verify_credential(credential.jwt, keys_of(keys), recipient=ton.officer("mele"))
    assert (verified.country, verified.course) == ("countries/TON", course)
    request = credentials_pb2.DownloadCredentialRequest(name=credential.name)
    call = ton.credentials.DownloadCredential(request, metadata=ton.as_("mele", "learner"))
    (body,) = [piece async for piece in call]
    assert body.data.decode() == credential.jwt
    with pytest.raises(VerificationError):
        verify_credential(credential.jwt, keys_of(keys), recipient=ton.officer("sione"))


async def test_statements_in_any_order_and_twice_count_once(ton, course):
    enrolment = await ton.enrol(course)
    statements = passed()
    batches = [statements[3:], statements[:2], statements, statements[2:3]]
    answers = [await ton.record(enrolment.name, batch) for batch in batches]
    assert [(answer.recorded_count, answer.known_count) for answer in answers] == [(2, 0), (2, 0), (1, 4), (0, 1)]
    assert {answers[-1].enrolment.state} == {COMPLETED}
    page = await statements_of(ton, enrolment.name, "mele", page_size=3)
    rest = await statements_of(ton, enrolment.name, "mele", page_size=3, page_token=page.next_page_token)
    found = {one.statement_id for one in (*page.statements, *rest.statements)}
    assert found == {one.statement_id for one in statements}
    assert not rest.next_page_token


async def test_devices_that_report_at_once_bring_one_credential(ton, course):
    enrolment = await ton.enrol(course)
    answers = await asyncio.gather(*(ton.record(enrolment.name, passed()) for _ in range(4)))
    assert len({answer.enrolment.credential for answer in answers}) == 1
    request = credentials_pb2.ListCredentialsRequest(parent="countries/TON")
    held = await ton.credentials.ListCredentials(request, metadata=ton.as_("mele", "learner"))
    assert len(held.credentials) == 1


async def test_a_batch_with_something_wrong_changes_nothing(ton, course):
    enrolment = await ton.enrol(course)
    good = statement(LESSONS[0], "COMPLETED")
    other = statement(LESSONS[0], "INITIALIZED", statement_id=good.statement_id)
    status = await ton.refused(
        ton.record(enrolment.name, [good, statement("unheard-of", "PASSED")]),
        "LESSON_UNKNOWN",
        field="statements[1].lesson_id",
    )
    assert "unheard-of" in status.message
    await ton.refused(
        ton.record(enrolment.name, [good, other]), "STATEMENT_ID_REUSED", field="statements[1].statement_id"
    )
    wrong_score = statement(LESSONS[1], "PASSED", score=101)
    await ton.refused(ton.record(enrolment.name, [good, wrong_score]), "INVALID_FIELD", field="statements[1].score")
    not_a_number = statement(LESSONS[1], "PASSED", score=float("nan"))
    await ton.refused(ton.record(enrolment.name, [not_a_number]), "INVALID_FIELD", field="statements[0].score")
    no_moment = statement(LESSONS[1], "PASSED")
    no_moment.event_time.seconds = 1 << 60
    await ton.refused(ton.record(enrolment.name, [no_moment]), "INVALID_FIELD", field="statements[0].event_time")
    assert not (await statements_of(ton, enrolment.name, "mele")).statements
    await ton.record(enrolment.name, [good])
    await ton.refused(ton.record(enrolment.name, [other]), "STATEMENT_ID_REUSED")


async def test_clocks_may_be_very_wrong(ton, course):
    enrolment = await ton.enrol(course)
    moments = [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
    await ton.record(enrolment.name, [statement(LESSONS[0], "PROGRESSED", at=moment) for moment in moments])
    page = await statements_of(ton, enrolment.name, "mele")
    assert [one.event_time.ToDatetime(UTC) for one in page.statements] == moments


async def test_statements_of_one_enrolment_are_limited(open_classroom, wsm):
    async with open_classroom("TON", statement_limit=3) as ton:
        course = await wsm.published_course()
        await wsm.pass_on("course.published", ton)
        enrolment = await ton.enrol(course.name)
        await ton.record(enrolment.name, passed()[:3])
        await ton.refused(ton.record(enrolment.name, passed()[3:]), "STATEMENT_LIMIT_REACHED")


async def test_what_a_learner_did_is_the_learners(ton, course):
    enrolment = await ton.complete(course)
    await ton.refused(get(ton, enrolment.name, "sione", "learner"), "NOT_FOUND")
    await ton.refused(statements_of(ton, enrolment.name, "sione"), "NOT_FOUND")
    await ton.refused(ton.record(enrolment.name, passed(), "sione"), "NOT_FOUND")
    await ton.refused(credential_of(ton, enrolment.credential, "sione"), "NOT_FOUND")
    seen = await get(ton, enrolment.name, "tevita", "trainer")
    assert (seen.state, list(seen.lessons), seen.credential) == (COMPLETED, [], "")
    await ton.refused(statements_of(ton, enrolment.name, "tevita"), "NOT_FOUND")
    await ton.refused(get(ton, enrolment.name, "ana", "officer"), "PERMISSION_DENIED")


async def test_trainers_see_the_countrys_enrolments_and_learners_their_own(ton, course):
    await ton.enrol(course, "mele")
    await ton.enrol(course, "sione")
    assert len((await listed(ton, "tevita", "trainer")).enrolments) == 2
    assert [one.learner for one in (await listed(ton, "sione", "learner")).enrolments] == [ton.officer("sione")]
    found = await listed(ton, "tevita", "trainer", filter=f'learner = "{ton.officer("mele")}" AND state = ENROLLED')
    assert [one.learner for one in found.enrolments] == [ton.officer("mele")]


async def test_trainers_enrol_officers_they_know(ton, course):
    await ton.refused(
        ton.enrol(course, "tevita", "trainer", learner=ton.officer("mele")),
        "LEARNER_UNKNOWN",
        field="enrolment.learner",
    )
    await ton.learn_of("mele")
    enrolment = await ton.enrol(course, "tevita", "trainer", learner=ton.officer("mele"))
    assert enrolment.learner == ton.officer("mele")
    await ton.learn_of("sione", active=False)
    await ton.refused(ton.enrol(course, "tevita", "trainer", learner=ton.officer("sione")), "LEARNER_UNKNOWN")
    fiji = "countries/FJI/officers/ana"
    await ton.refused(ton.enrol(course, "tevita", "trainer", learner=fiji), "LEARNER_UNKNOWN")
    await ton.refused(ton.enrol(course, "mele", "learner", learner=ton.officer("sione")), "PERMISSION_DENIED")


async def test_a_learners_record_outlives_the_post(ton, course):
    await ton.learn_of("sione")
    enrolment = await ton.enrol(course, "tevita", "trainer", learner=ton.officer("sione"))
    await ton.learn_of("sione", active=False, version=2)
    assert [one.name for one in (await listed(ton, "tevita", "trainer")).enrolments] == [enrolment.name]


async def test_one_enrols_once_and_only_in_what_is_published(ton, wsm, course):
    await ton.enrol(course)
    await ton.refused(ton.enrol(course), "ALREADY_EXISTS")
    await ton.refused(ton.enrol("countries/WSM/courses/none"), "NOT_FOUND")
    draft = await wsm.create_course("draft")
    await wsm.refused(wsm.enrol(draft.name), "NOT_FOUND")
    await wsm.refused(wsm.enrol(draft.name, "tina", "learner", "trainer"), "COURSE_NOT_PUBLISHED")


async def test_a_repeated_enrolment_gets_the_first_answer(ton, course):
    request_id = str(uuid.uuid4())
    assert await ton.enrol(course, request_id=request_id) == await ton.enrol(course, request_id=request_id)


async def test_enrolling_twice_at_once_enrols_once(ton, course):
    answers = await asyncio.gather(*(ton.enrol(course) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(answer, enrolment_pb2.Enrolment) for answer in answers) == 1
    assert {answer.code() for answer in answers if isinstance(answer, grpc.RpcError)} == {
        grpc.StatusCode.ALREADY_EXISTS
    }


async def test_an_enrolment_keeps_its_package(ton, wsm, course):
    from zips import honest

    enrolment = await ton.enrol(course)
    await wsm.upload(course, honest())
    await wsm.publish(course)
    await wsm.pass_on("course.published", ton, count=2)
    answer = await ton.record(enrolment.name, passed())
    assert answer.enrolment.state == COMPLETED
    assert (await ton.enrol(course, "sione")).package != enrolment.package


def verify(classroom, jwt, recipient=""):
    return classroom.credentials.VerifyCredential(credentials_pb2.VerifyCredentialRequest(jwt=jwt, recipient=recipient))


async def test_anybody_verifies_at_any_node_that_knows_the_key(ton, wsm, course):
    enrolment = await ton.complete(course)
    jwt = (await credential_of(ton, enrolment.credential)).jwt
    unknown = await verify(wsm, jwt)
    assert unknown.problem == credentials_pb2.VERIFICATION_PROBLEM_UNKNOWN_ISSUER
    await ton.pass_on("issuer_key.announced", wsm)
    found = await verify(wsm, jwt, ton.officer("mele"))
    assert (found.valid, found.country, found.course) == (True, "countries/TON", course)
    assert (
        await verify(wsm, jwt, ton.officer("sione"))
    ).problem == credentials_pb2.VERIFICATION_PROBLEM_OTHER_RECIPIENT
    forged = await verify(wsm, jwt[:-4] + "AAAA")
    assert (forged.valid, forged.country) == (False, "")
    assert forged.problem == credentials_pb2.VERIFICATION_PROBLEM_BAD_SIGNATURE
    assert (await verify(wsm, "{}")).problem == credentials_pb2.VERIFICATION_PROBLEM_MALFORMED


async def test_a_country_announces_only_its_own_key(ton, wsm):
    sent = (await ton.topics.wait_sent("bluepacific.training.v1.issuer_key.announced"))[0]
    await wsm.deliver("issuer_key.announced", sent.payload, "countries/FJI")
    answer = await wsm.credentials.ListIssuerKeys(credentials_pb2.ListIssuerKeysRequest())
    assert [key.country for key in answer.issuer_keys] == ["countries/WSM"]


def test_every_reason_is_told_in_four_languages():
    from bluepacific.training.v1 import errors_pb2

    for value in errors_pb2.ErrorReason.DESCRIPTOR.values:
        assert set(reason_of(value.name.removeprefix("ERROR_REASON_")).texts) == set(LANGUAGES)
