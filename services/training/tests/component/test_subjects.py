"""What training answers data-protection officers about a learner."""

from sqlalchemy import func, select

from bluepacific.training.v1 import credential_service_pb2 as credentials_pb2
from bluepacific.training.v1 import enrolment_service_pb2 as enrolments_pb2
from bp_kit.testing.subjects import ask_about, stands
from bp_training.adapters.tables import StatementRow


async def learner(wsm, ton):
    course = await wsm.published_course()
    await wsm.pass_on("course.published", ton)
    await ton.learn_of("mele")
    return await ton.complete(course.name)


async def listed(ton):
    request = enrolments_pb2.ListEnrolmentsRequest(parent="countries/TON")
    trainer = ton.as_("tevita", "trainer")
    return list((await ton.enrolments.ListEnrolments(request, metadata=trainer)).enrolments)


async def test_a_learner_is_found_blocked_and_erased_and_the_numbers_stay(wsm, ton):
    done = await learner(wsm, ton)
    mele = ton.officer("mele")

    async def ask(act):
        return stands(await ask_about(ton.under_test, act, officer=mele, country="TON"))

    found = await ask("FIND")
    assert set(found) == {done.name, done.credential, mele}
    assert set((await ask("BLOCK")).values()) == {"BLOCKED"}
    assert await listed(ton) == []
    credential = credentials_pb2.GetCredentialRequest(name=done.credential)
    own = ton.as_("mele", "learner")
    await ton.refused(ton.credentials.GetCredential(credential, metadata=own), "NOT_FOUND")
    await ask("UNBLOCK")
    assert (await ton.credentials.GetCredential(credential, metadata=own)).jwt
    assert set((await ask("ERASE")).values()) == {"ERASED"}
    assert await ask("FIND") == {}
    (stub,) = await listed(ton)
    assert (stub.name, stub.state) == (done.name, done.state)
    assert "mele" not in stub.learner
    async with ton.under_test.service.database.read() as session:
        assert not await session.scalar(select(func.count()).select_from(StatementRow))


async def test_another_country_is_told_nothing(wsm, ton):
    await learner(wsm, ton)
    assert stands(await ask_about(ton.under_test, officer=ton.officer("mele"), country="WSM")) == {}
