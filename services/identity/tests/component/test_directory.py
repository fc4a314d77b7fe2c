import uuid
from datetime import timedelta

import pytest

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.identity.v1 import country_service_pb2, events_pb2, officer_pb2, officer_service_pb2, unit_service_pb2
from bluepacific.notifications.v1 import events_pb2 as notifications_pb2
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.workers.directory import TurnedGrants

CONTACT = "bluepacific.notifications.v1.contact.changed"
LEARNER = "bluepacific.training.v1.learner.changed"
UNIT = "bluepacific.cooperation.v1.unit.changed"
BEN = "countries/FJI/officers/ben"


@pytest.fixture
async def told(station):
    """Returns what was told last of an officer: contact and learner, once both stand at a version."""

    async def wait(officer, version):
        count = 1
        while True:
            contacts = _of(await station.topics.wait_sent(CONTACT, count), notifications_pb2.ContactChanged, officer)
            learners = _of(await station.topics.wait_sent(LEARNER, count), events_pb2.LearnerChanged, officer)
            if contacts and learners and contacts[-1].version == learners[-1].version == version:
                return contacts[-1], learners[-1]
            count += 1

    return wait


def _of(messages, kind, officer):
    assert all(list(message.recipients) == [message.author] for message in messages)
    found = (kind.FromString(message.payload) for message in messages)
    return sorted((one for one in found if one.officer == officer), key=lambda one: one.version)


async def test_first_planting_tells_of_everybody(told):
    contact, learner = await told("countries/FJI/officers/ana", 3)
    assert (contact.display_name, contact.email) == ("Ana Vakatale", "ana.vakatale@police.example.fj")
    assert {(grant.role, grant.unit) for grant in contact.grants} == {
        ("administrator", "countries/FJI/units/ncb"),
        ("officer", "countries/FJI/units/ncb"),
    }
    assert contact.active
    assert (learner.country, learner.gender) == ("FJI", officer_pb2.GENDER_FEMALE)
    assert list(learner.units) == ["countries/FJI/units/ncb"]


async def test_each_change_of_an_officer_or_a_grant_is_told(station, told):
    await told(BEN, 2)
    grant = await station.grant("ben", "duty_officer", "countries/FJI/units/ncb")
    contact, learner = await told(BEN, 3)
    assert {one.role for one in contact.grants} == {"learner", "duty_officer"}
    assert len(learner.units) == 2
    await station.revoke(grant)
    contact, _ = await told(BEN, 4)
    assert {one.role for one in contact.grants} == {"learner"}
    request = officer_service_pb2.UpdateOfficerRequest(
        officer=officer_pb2.Officer(
            name=BEN, given_name="Benj", family_name="Tuilagi", email="benj@police.example.fj", language="fr"
        )
    )
    await station.officers.UpdateOfficer(request, metadata=station.admin)
    contact, learner = await told(BEN, 5)
    assert (contact.email, contact.language, contact.display_name) == ("benj@police.example.fj", "fr", "Benj Tuilagi")
    request = officer_service_pb2.DeactivateOfficerRequest(name=BEN)
    await station.officers.DeactivateOfficer(request, metadata=station.admin)
    contact, learner = await told(BEN, 6)
    assert not contact.active
    assert not learner.active


async def test_a_unit_out_of_service_is_told_with_its_people(station, told):
    request = unit_service_pb2.DeactivateUnitRequest(name="countries/FJI/units/tcu")
    await station.units.DeactivateUnit(request, metadata=station.admin)
    contact, learner = await told(BEN, 3)
    assert not contact.grants
    assert not learner.units


async def test_what_is_refused_is_not_told(station, told):
    await told(BEN, 2)
    await station.refused(station.create_officer("ben"), "ALREADY_EXISTS")
    await station.refused(station.grant("ben", "officer", "countries/TON/units/ncb"), "UNIT_NOT_IN_SERVICE")
    await station.grant("ben", "officer")
    assert len((await told(BEN, 3))[0].grants) == 2


async def test_a_role_that_turns_by_the_calendar_is_told(station, told):
    service = station.under_test.service
    grants = TurnedGrants(Workshop(service.database, station.under_test.seams, b"k" * 32, ("FJI", "TON")))
    await grants.look()
    await station.grant("ben", "analyst", end=station.clock.now + timedelta(hours=1))
    await station.grant("ben", "liaison", start=station.clock.now + timedelta(hours=2))
    station.clock.passes(hours=1)
    await grants.look()
    assert {one.role for one in (await told(BEN, 5))[0].grants} == {"learner"}
    station.clock.passes(hours=1)
    await grants.look()
    assert {one.role for one in (await told(BEN, 6))[0].grants} == {"learner", "liaison"}
    await grants.look()
    await station.grant("ben", "analyst")
    assert await told(BEN, 7)


async def test_units_are_told_to_every_country(station):
    sent = await station.topics.wait_sent(UNIT, 3)
    assert all(list(message.recipients) == ["countries/-"] for message in sent)
    units = {events_pb2.UnitChanged.FromString(message.payload).name for message in sent}
    assert "countries/FJI/units/ncb" in units


async def test_a_node_that_asks_is_told(station):
    request = topics_pb2.Message(
        message_id=str(uuid.uuid4()),
        topic="bluepacific.identity.v1.directory.requested",
        author="countries/WSM",
        recipients=["countries/FJI"],
        payload=events_pb2.DirectoryRequested(requester="countries/WSM").SerializeToString(),
    )
    await station.topics.deliver(request)
    count = 1
    while True:
        sent = await station.topics.wait_sent(UNIT, count)
        answers = [message for message in sent if list(message.recipients) == ["countries/WSM"]]
        if len(answers) == 3:
            break
        count += 1


@pytest.mark.parametrize(
    ("payload", "author"),
    [
        (b"\xff\xff", "countries/WSM"),
        (events_pb2.DirectoryRequested(requester="countries/TON").SerializeToString(), "countries/WSM"),
        (events_pb2.DirectoryRequested(requester="countries/-").SerializeToString(), "countries/WSM"),
    ],
)
async def test_nobody_asks_in_anothers_name(station, payload, author):
    await station.topics.wait_sent(UNIT, 3)
    topic = "bluepacific.identity.v1.directory.requested"
    await station.topics.deliver(
        topics_pb2.Message(message_id=str(uuid.uuid4()), topic=topic, author=author, payload=payload)
    )
    await station.create_officer("seru")
    await station.topics.wait_sent(CONTACT, 1)
    assert all(list(message.recipients) == ["countries/-"] for message in station.topics.sent if message.topic == UNIT)


async def test_countries_are_known_before_anybody_signs_in(station):
    fiji = await station.countries.GetCountry(country_service_pb2.GetCountryRequest(name="countries/FJI"))
    assert dict(fiji.display_name.texts) == {"en": "Fiji", "fr": "Fidji", "es": "Fiyi", "ar": "فيجي"}
    assert (fiji.ncb_city, fiji.time_zone, fiji.served, fiji.beneficiary) == ("Suva", "Pacific/Fiji", True, True)
    samoa = await station.countries.GetCountry(country_service_pb2.GetCountryRequest(name="countries/WSM"))
    assert not samoa.served
    await station.refused(
        station.countries.GetCountry(country_service_pb2.GetCountryRequest(name="countries/XXX")), "NOT_FOUND"
    )


async def test_countries_are_listed_in_pages(station):
    names, token = [], ""
    while True:
        request = country_service_pb2.ListCountriesRequest(page_size=7, page_token=token)
        page = await station.countries.ListCountries(request)
        names += [country.name for country in page.countries]
        token = page.next_page_token
        if not token:
            break
    assert names == sorted(names)
    assert len(names) == len(set(names)) == 22
    assert all(len(country.display_name.texts) == 4 for country in page.countries)
    request = country_service_pb2.ListCountriesRequest(page_token="made-up")
    await station.refused(station.countries.ListCountries(request), "INVALID_PAGE_TOKEN", field="page_token")
