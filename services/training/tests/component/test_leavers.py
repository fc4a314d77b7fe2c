"""A learner's record outlives the post: it stays, it verifies, names nobody but by id, and is there again for who comes back."""

import pytest
from google.protobuf import json_format

from bluepacific.training.v1 import credential_service_pb2 as credentials_pb2
from bluepacific.training.v1 import enrolment_pb2
from bluepacific.training.v1 import enrolment_service_pb2 as enrolments_pb2
from bp_kit.testing.subjects import ask_about, stands
from bp_training.domain.credential import decode
from bp_training.verify import keys_of, verify_credential

COURSE = "countries/WSM/courses/vessel-identity"


def enrolment_of(ton, name, who, role):
    request = enrolments_pb2.GetEnrolmentRequest(name=name)
    return ton.enrolments.GetEnrolment(request, metadata=ton.as_(who, role))


def credential_of(ton, name):
    request = credentials_pb2.GetCredentialRequest(name=name)
    return ton.credentials.GetCredential(request, metadata=ton.as_("mele", "learner"))


async def keys(ton):
    answer = await ton.credentials.ListIssuerKeys(credentials_pb2.ListIssuerKeysRequest())
    return keys_of(json_format.MessageToDict(answer))


@pytest.fixture
async def left(wsm, ton):
    """Mele has completed a course, keeps her credential, and has left the police."""
    await wsm.published_course()
    await wsm.pass_on("course.published", ton)
    await ton.learn_of("mele")
    done = await ton.complete(COURSE)
    kept = await credential_of(ton, done.credential)
    await ton.learn_of("mele", version=2, active=False)
    return done, kept


async def test_the_record_stays_with_its_country(ton, left):
    done, _ = left
    seen = await enrolment_of(ton, done.name, "tevita", "trainer")
    assert (seen.state, seen.learner) == (enrolment_pb2.ENROLMENT_STATE_COMPLETED, ton.officer("mele"))
    listed = await ton.enrolments.ListEnrolments(
        enrolments_pb2.ListEnrolmentsRequest(parent="countries/TON"), metadata=ton.as_("tevita", "trainer")
    )
    assert [one.name for one in listed.enrolments] == [done.name]
    # Nobody enrols who has left.
    await ton.refused(ton.enrol(COURSE, "tevita", "trainer", learner=ton.officer("mele")), "LEARNER_UNKNOWN")


async def test_the_credential_verifies_and_names_nobody(ton, left):
    _, kept = left
    assert verify_credential(kept.jwt, await keys(ton), recipient=ton.officer("mele")).country == "countries/TON"
    told = await ton.credentials.VerifyCredential(credentials_pb2.VerifyCredentialRequest(jwt=kept.jwt))
    assert told.valid
    # Whose it is can be checked by who knows that; it names nobody.
    assert b"mele" not in decode(kept.jwt.split(".")[1])


async def test_who_comes_back_has_it_again(ton, left):
    done, kept = left
    await ton.learn_of("mele", version=3)
    assert (await enrolment_of(ton, done.name, "mele", "learner")).credential == done.credential
    assert (await credential_of(ton, done.credential)).jwt == kept.jwt


async def test_erased_the_record_counts_on_without_the_person(ton, left):
    done, kept = left
    erased = stands(await ask_about(ton.under_test, "ERASE", officer=ton.officer("mele"), country="TON"))
    assert set(erased.values()) == {"ERASED"}
    stub = await enrolment_of(ton, done.name, "tevita", "trainer")
    assert (stub.state, "mele" in stub.learner) == (enrolment_pb2.ENROLMENT_STATE_COMPLETED, False)
    # What she took with her is hers, and still verifies.
    assert verify_credential(kept.jwt, await keys(ton), recipient=ton.officer("mele"))
