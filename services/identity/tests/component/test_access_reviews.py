from datetime import UTC, datetime, timedelta

import pytest

from bluepacific.identity.v1 import access_review_pb2, grant_service_pb2
from bluepacific.identity.v1 import access_review_service_pb2 as pb
from bluepacific.notifications.v1 import events_pb2
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.domain.access_review import quarter_of
from bp_identity.workers.access_reviews import Reviewer

ANA = "countries/FJI/officers/ana"
REQUESTED = "bluepacific.notifications.v1.notification.requested"
ADMINISTRATOR, LEARNER, OFFICER = 11, 7, 1


@pytest.fixture
def reviewer(station):
    under_test = station.under_test
    return Reviewer(Workshop(under_test.service.database, under_test.seams, b"k" * 32, ("FJI", "TON")))


@pytest.fixture
async def asked(station, reviewer):
    """The next quarter has begun, and roles are in question."""
    station.clock.passes(days=92)
    await reviewer.look()
    return await reviews(station)


async def reviews(station, state="OPEN"):
    request = pb.ListAccessReviewsRequest(parent="countries/FJI", filter=f'state = "{state}"')
    # Not Ana: hers are void once one of her roles has ended.
    listed = await station.access_reviews.ListAccessReviews(request, metadata=second(station))
    return {one.role: one for one in listed.access_reviews}


def confirm(station, review, metadata):
    request = pb.ConfirmAccessReviewRequest(name=review.name)
    return station.access_reviews.ConfirmAccessReview(request, metadata=metadata)


def remove(station, review, metadata=None):
    request = pb.RemoveAccessReviewRequest(name=review.name)
    return station.access_reviews.RemoveAccessReview(request, metadata=metadata or station.admin)


def second(station):
    return station.as_("litia", "administrator@tcu")


async def roles_of(station, who):
    request = grant_service_pb2.ListGrantsRequest(parent=f"countries/FJI/officers/{who}")
    grants = (await station.grants.ListGrants(request, metadata=second(station))).grants
    return [grant.role for grant in grants if not grant.HasField("end_time")]


async def told(station, count):
    messages = await station.topics.wait_sent(REQUESTED, count)
    return [events_pb2.NotificationRequested.FromString(message.payload) for message in messages]


@pytest.mark.parametrize(("month", "first"), [(1, 1), (3, 1), (4, 4), (6, 4), (9, 7), (11, 10), (12, 10)])
def test_quarters(month, first):
    assert quarter_of(datetime(2027, month, 28, 13, 7, tzinfo=UTC)) == datetime(2027, first, 1, tzinfo=UTC)


async def test_what_was_given_this_quarter_is_not_asked_about(station, reviewer):
    station.clock.now = quarter_of(station.clock.now) + timedelta(days=92 + 5)
    await station.grant("ben", "officer")
    await reviewer.look()
    assert set(await reviews(station)) == {ADMINISTRATOR, OFFICER, LEARNER}
    request = pb.ListAccessReviewsRequest(parent="countries/FJI", filter='officer = "countries/FJI/officers/ben"')
    listed = await station.access_reviews.ListAccessReviews(request, metadata=station.admin)
    assert [one.role for one in listed.access_reviews] == [LEARNER]


async def test_each_role_is_asked_about_once_and_administrators_are_told(station, reviewer, asked):
    assert set(asked) == {ADMINISTRATOR, OFFICER, LEARNER}
    await reviewer.look()
    assert await reviews(station) == asked
    first = await told(station, 2)
    assert {(one.template, one.subject, one.officer) for one in first} == {
        ("identity.access_review_due", "countries/FJI/accessReviews", ANA),
        ("identity.access_review_due", "countries/TON/accessReviews", "countries/TON/officers/mele"),
    }


async def test_a_role_stays_or_ends_by_somebody_elses_word(station, asked):
    await station.refused(confirm(station, asked[OFFICER], station.admin), "ACCESS_REVIEW_IS_YOUR_OWN")
    stays = await confirm(station, asked[LEARNER], station.admin)
    assert (stays.state, stays.reviewer) == (access_review_pb2.ACCESS_REVIEW_STATE_CONFIRMED, ANA)
    ends = await remove(station, asked[OFFICER])
    assert ends.state == access_review_pb2.ACCESS_REVIEW_STATE_REMOVED
    assert (await roles_of(station, "ana"), await roles_of(station, "ben")) == ([ADMINISTRATOR], [LEARNER])
    await station.refused(remove(station, asked[LEARNER]), "ACCESS_REVIEW_CLOSED")
    await station.refused(remove(station, asked[ADMINISTRATOR]), "LAST_ADMINISTRATOR")


async def test_what_nobody_confirms_lapses_but_for_the_last_administrator(station, reviewer, asked):
    await confirm(station, asked[LEARNER], second(station))
    station.clock.passes(days=30)
    await reviewer.look()
    assert set(await reviews(station, "LAPSED")) == {OFFICER}
    assert set(await reviews(station)) == {ADMINISTRATOR}
    assert (await roles_of(station, "ana"), await roles_of(station, "ben")) == ([ADMINISTRATOR], [LEARNER])


async def test_administrators_are_reminded_twice(station, reviewer, asked):
    for days, count in ((15, 2), (1, 4), (1, 4), (11, 6), (1, 6)):
        station.clock.passes(days=days)
        await reviewer.look()
        await told(station, count)
    assert len(await told(station, 6)) == 6


async def test_who_may_not(station, asked):
    abroad = station.as_("mele", "administrator@ncb", country="TON")
    unheld = station.as_("ben", "ncb_head@ncb")
    for metadata in (abroad, unheld):
        await station.refused(confirm(station, asked[LEARNER], metadata), "PERMISSION_DENIED")
        await station.refused(remove(station, asked[LEARNER], metadata), "PERMISSION_DENIED")
    unknown = pb.RemoveAccessReviewRequest(name=f"{asked[LEARNER].name[:-12]}{'0' * 12}")
    await station.refused(station.access_reviews.RemoveAccessReview(unknown, metadata=station.admin), "NOT_FOUND")
