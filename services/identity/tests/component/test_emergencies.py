import asyncio

import pytest

from bluepacific.identity.v1 import emergency_pb2
from bluepacific.identity.v1 import emergency_service_pb2 as pb
from bluepacific.notifications.v1 import events_pb2

ANA, BEN = "countries/FJI/officers/ana", "countries/FJI/officers/ben"
NCB = "countries/FJI/units/ncb"
REQUESTED = "bluepacific.notifications.v1.notification.requested"
REASON = "A vessel in distress, and nobody of the bureau answers."


def take(station, metadata=None, **fields):
    values = {"role": 3, "unit": NCB, "reason": REASON, "minutes": 60} | fields
    request = pb.CreateEmergencyRequest(parent="countries/FJI", emergency=emergency_pb2.Emergency(**values))
    return station.emergencies.CreateEmergency(request, metadata=metadata or station.as_("ben", "officer@tcu"))


def review(station, name, metadata=None, finding="Needed; the duty roster had a gap."):
    request = pb.ReviewEmergencyRequest(name=name, finding=finding)
    return station.emergencies.ReviewEmergency(request, metadata=metadata or station.admin)


async def roles_of(station):
    return [grant.role for grant in (await station.me(station.as_("ben", "officer@tcu"))).grants]


async def test_a_role_is_taken_at_once_for_its_time_only(station):
    taken = await take(station)
    assert (taken.officer, taken.state) == (BEN, emergency_pb2.EMERGENCY_STATE_OPEN)
    assert await roles_of(station) == [7, 3]
    station.clock.passes(minutes=60)
    assert await roles_of(station) == [7]


async def test_those_who_oversee_are_told_urgently_and_without_its_reason(station):
    await station.grant("ben", "data_protection_officer")
    taken = await take(station)
    told = {}
    while set(told) != {ANA, BEN}:
        for message in await station.topics.wait_sent(REQUESTED, len(told) + 1):
            requested = events_pb2.NotificationRequested.FromString(message.payload)
            told[requested.officer] = requested
    assert {(one.template, one.subject, one.urgent) for one in told.values()} == {
        ("identity.emergency_declared", taken.name, True)
    }


async def test_somebody_else_closes_it_and_ends_the_role(station):
    taken = await take(station)
    own = station.as_("ben", "administrator@ncb")
    await station.refused(review(station, taken.name, own), "EMERGENCY_IS_YOUR_OWN")
    closed = await review(station, taken.name)
    assert (closed.state, closed.reviewer) == (emergency_pb2.EMERGENCY_STATE_REVIEWED, ANA)
    assert await roles_of(station) == [7]
    await station.refused(review(station, taken.name), "EMERGENCY_REVIEWED")
    listing = pb.ListEmergenciesRequest(parent="countries/FJI", filter='state = "REVIEWED"')
    assert list((await station.emergencies.ListEmergencies(listing, metadata=station.admin)).emergencies) == [closed]


async def test_no_second_one_before_the_first_is_reviewed(station):
    answers = await asyncio.gather(take(station), take(station), return_exceptions=True)
    taken = [answer for answer in answers if isinstance(answer, emergency_pb2.Emergency)]
    assert len(taken) == 1
    await station.refused(take(station), "EMERGENCY_UNREVIEWED")
    await review(station, taken[0].name)
    assert await take(station)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"reason": "because"}, "emergency.reason"),
        ({"minutes": 241}, "emergency.minutes"),
        ({"minutes": 0}, "emergency.minutes"),
        ({"role": 11}, "emergency.role"),
    ],
)
async def test_what_nobody_may_take(station, fields, field):
    await station.refused(take(station, **fields), "INVALID_FIELD", field=field)


async def test_who_may_not(station):
    await station.refused(take(station, station.as_("ben", "learner@tcu")), "PERMISSION_DENIED")
    await station.refused(take(station, station.as_("mele", "officer@ncb", country="TON")), "PERMISSION_DENIED")
    await station.refused(take(station, unit="countries/TON/units/ncb"), "UNIT_NOT_IN_SERVICE", field="emergency.unit")
    taken = await take(station)
    await station.refused(review(station, taken.name, station.as_("ana", "ncb_head@ncb")), "PERMISSION_DENIED")
    abroad = station.as_("mele", "administrator@ncb", country="TON")
    await station.refused(review(station, taken.name, abroad), "PERMISSION_DENIED")
    await station.refused(review(station, f"{taken.name[:-12]}{'0' * 12}"), "NOT_FOUND")
