import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from joserfc import jws
from station import IMPORTER, PORTAL

from bluepacific.identity.v1 import (
    client_pb2,
    client_service_pb2,
    grant_pb2,
    grant_service_pb2,
    officer_pb2,
    officer_service_pb2,
    unit_pb2,
    unit_service_pb2,
)
from bp_identity.domain.grant import MOST_GRANTS
from bp_kit.testing.harness import detail, status_of_error

ANA = "countries/FJI/officers/ana"
BEN = "countries/FJI/officers/ben"
NCB = "countries/FJI/units/ncb"
TCU = "countries/FJI/units/tcu"


def get_officer(station, name, metadata=None):
    return station.officers.GetOfficer(
        officer_service_pb2.GetOfficerRequest(name=name), metadata=metadata or station.admin
    )


def update_officer(station, officer, *paths, metadata=None):
    request = officer_service_pb2.UpdateOfficerRequest(officer=officer, update_mask=FieldMask(paths=paths))
    return station.officers.UpdateOfficer(request, metadata=metadata or station.admin)


def deactivate(station, name, **fields):
    request = officer_service_pb2.DeactivateOfficerRequest(name=name, **fields)
    return station.officers.DeactivateOfficer(request, metadata=station.admin)


def create_unit(station, unit_id, metadata=None, **fields):
    unit = unit_pb2.Unit(**({"display_name": "Customs", "kind": unit_pb2.UNIT_KIND_CUSTOMS} | fields))
    request = unit_service_pb2.CreateUnitRequest(parent="countries/FJI", unit_id=unit_id, unit=unit)
    return station.units.CreateUnit(request, metadata=metadata or station.admin)


async def test_an_officer_from_the_first_day_to_the_last(station):
    seru = await station.create_officer("seru", gender=officer_pb2.GENDER_MALE, language="fr")
    assert (seru.name, seru.state) == ("countries/FJI/officers/seru", officer_pb2.OFFICER_STATE_ACTIVE)
    assert await get_officer(station, seru.name) == seru
    changed = await update_officer(
        station, officer_pb2.Officer(name=seru.name, family_name="Naivalu", etag=seru.etag), "family_name"
    )
    assert (changed.given_name, changed.family_name, changed.language) == ("Seru", "Naivalu", "fr")
    await station.refused(update_officer(station, seru, "email"), "ETAG_MISMATCH")
    left = await deactivate(station, seru.name, etag=changed.etag)
    assert left.state == officer_pb2.OFFICER_STATE_INACTIVE


async def test_nothing_changes_when_nothing_is_changed(station):
    seru = await station.create_officer("seru")
    assert await update_officer(station, seru) == seru


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"given_name": ""}, "officer.given_name"),
        ({"family_name": "  "}, "officer.family_name"),
        ({"email": ""}, "officer.email"),
        ({"email": "not an address"}, "officer.email"),
        ({"given_name": "a\0b"}, "officer.given_name"),
        ({"given_name": "x" * 101}, "officer.given_name"),
        ({"language": "EN"}, "officer.language"),
        ({"gender": 99}, "officer.gender"),
    ],
)
async def test_what_is_said_of_a_person_is_checked(station, fields, field):
    await station.refused(station.create_officer("seru", **fields), "INVALID_FIELD", field=field)
    await station.refused(get_officer(station, "countries/FJI/officers/seru"), "NOT_FOUND")


@pytest.mark.parametrize("officer_id", ["", "A", "-x", "x" * 64, "a b", "a\0b"])
async def test_ids_are_checked(station, officer_id):
    await station.refused(
        station.create_officer(officer_id, email="x@police.example.fj"), "INVALID_FIELD", field="officer_id"
    )


async def test_odd_letters_are_kept(station):
    seru = await station.create_officer("seru", given_name="Śérù 🚢", family_name="سيرو\u202e")
    assert await get_officer(station, seru.name) == seru


async def test_an_address_belongs_to_one(station):
    taken = {"email": "ANA.vakatale@Police.example.fj"}
    await station.refused(station.create_officer("seru", **taken), "EMAIL_TAKEN", field="officer.email")
    await station.refused(
        update_officer(station, officer_pb2.Officer(name=BEN, **taken), "email"), "EMAIL_TAKEN", field="officer.email"
    )
    await station.refused(station.create_officer("ana"), "ALREADY_EXISTS")


async def test_two_who_want_one_address_at_once(station):
    answers = await asyncio.gather(
        *(station.create_officer(one, email="same@police.example.fj") for one in ("seru", "tomasi")),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, officer_pb2.Officer) for answer in answers) == 1
    assert [answer.code().name for answer in answers if isinstance(answer, Exception)] == ["ALREADY_EXISTS"]


async def test_a_repeat_answers_with_the_first(station):
    request_id = "0190a0b0-0000-7000-8000-000000000001"
    first = await station.create_officer("seru", request_id=request_id)
    assert await station.create_officer("seru", request_id=request_id) == first


async def test_fields_that_are_not_ones_to_change(station):
    for path in ("state", "name", "totp_enrolled", "nonsense"):
        await station.refused(
            update_officer(station, officer_pb2.Officer(name=BEN), path), "FIELD_NOT_MUTABLE", field=f"officer.{path}"
        )


async def test_officers_are_listed_in_pages(station):
    for number in range(3):
        await station.create_officer(f"seru-{number}", language="fr")

    async def page(**fields):
        request = officer_service_pb2.ListOfficersRequest(parent="countries/FJI", **fields)
        return await station.officers.ListOfficers(request, metadata=station.admin)

    first = await page(page_size=2, filter='language = "fr"')
    rest = await page(page_size=2, filter='language = "fr"', page_token=first.next_page_token)
    names = [officer.name.split("/")[-1] for officer in (*first.officers, *rest.officers)]
    assert names == ["seru-0", "seru-1", "seru-2"]
    assert not rest.next_page_token
    await station.refused(page(page_token=first.next_page_token), "INVALID_PAGE_TOKEN", field="page_token")
    await station.refused(page(filter="secret = 1"), "INVALID_FILTER")
    assert [officer.name for officer in (await page(filter='email = "ben@police.example.fj"')).officers] == [BEN]


async def test_only_administrators_change_people(station):
    for roles in (["officer@ncb"], ["ncb_head@ncb"], ["auditor@ncb"], []):
        metadata = station.as_("ana", *roles)
        await station.refused(station.create_officer("seru", metadata=metadata), "PERMISSION_DENIED")
        await station.refused(station.grant("ana", "ncb_head", metadata=metadata), "PERMISSION_DENIED")
    await station.refused(get_officer(station, BEN, station.as_("ana", "officer@ncb")), "PERMISSION_DENIED")
    assert await get_officer(station, BEN, station.as_("ana", "auditor@ncb"))


async def test_an_administrator_has_one_country(station):
    """Mele administers Tonga on the same node; nothing of Fiji's is hers to see or to change."""
    mele = station.as_("mele", "administrator@ncb", country="TON")
    ben = await get_officer(station, BEN)
    portal = client_pb2.Client(name=PORTAL, display_name="Taken")
    unit = unit_pb2.Unit(name=NCB, display_name="Taken")
    calls = [
        get_officer(station, BEN, mele),
        get_officer(station, "countries/FJI/officers/nobody", mele),
        station.create_officer("seru", metadata=mele),
        update_officer(station, ben, metadata=mele),
        station.grant("ben", "administrator", metadata=mele),
        station.officers.ResetPassword(officer_service_pb2.ResetPasswordRequest(name=BEN), metadata=mele),
        station.officers.DeactivateOfficer(officer_service_pb2.DeactivateOfficerRequest(name=BEN), metadata=mele),
        station.officers.ListOfficers(officer_service_pb2.ListOfficersRequest(parent="countries/FJI"), metadata=mele),
        station.grants.ListGrants(
            grant_service_pb2.ListGrantsRequest(parent="countries/FJI/officers/-"), metadata=mele
        ),
        station.units.UpdateUnit(unit_service_pb2.UpdateUnitRequest(unit=unit), metadata=mele),
        create_unit(station, "customs", metadata=mele),
        station.clients.UpdateClient(client_service_pb2.UpdateClientRequest(client=portal), metadata=mele),
        station.clients.RotateClientSecret(client_service_pb2.RotateClientSecretRequest(name=IMPORTER), metadata=mele),
    ]
    for call in calls:
        await station.refused(call, "PERMISSION_DENIED")
    listed = await station.officers.ListOfficers(
        officer_service_pb2.ListOfficersRequest(parent="countries/TON"), metadata=mele
    )
    assert [officer.name for officer in listed.officers] == ["countries/TON/officers/mele"]
    assert await get_officer(station, BEN) == ben


async def test_a_country_that_is_not_served_here_has_nobody(station):
    wsm = station.as_("sina", "administrator@ncb", country="WSM")
    await station.refused(station.create_officer("seru", country="WSM", metadata=wsm), "NOT_FOUND")
    await station.refused(get_officer(station, "countries/WSM/officers/sina", wsm), "NOT_FOUND")


async def test_a_role_is_given_and_taken(station):
    until = datetime(2050, 1, 1, tzinfo=UTC)
    grant = await station.grant("ben", "duty_officer", end=until)
    assert (grant.creator, grant.end_time.ToDatetime(UTC)) == (ANA, until)
    assert grant.start_time.ToDatetime(UTC) == station.clock.now
    assert [one.name for one in (await station.grants_of("ben")).grants][-1] == grant.name
    revoked = await station.revoke(grant)
    assert revoked.end_time.ToDatetime(UTC) == station.clock.now
    station.clock.passes(minutes=1)
    assert await station.revoke(grant) == revoked
    got = await station.grants.GetGrant(grant_service_pb2.GetGrantRequest(name=grant.name), metadata=station.admin)
    assert got == revoked


async def test_a_grant_that_has_not_begun_never_will_once_revoked(station):
    grant = await station.grant("ben", "duty_officer", start=station.clock.now + timedelta(days=1))
    revoked = await station.revoke(grant)
    assert revoked.start_time == revoked.end_time
    station.clock.passes(days=2)
    me = await station.me(station.as_("ben", "learner@tcu"))
    assert [one.role for one in me.grants] == [grant_pb2.Grant(role=7).role]


@pytest.mark.parametrize(
    ("unit", "reason"),
    [
        ("countries/TON/units/ncb", "UNIT_NOT_IN_SERVICE"),
        ("countries/FJI/units/nowhere", "UNIT_NOT_IN_SERVICE"),
        ("countries/FJI/units/../ncb", "INVALID_FIELD"),
    ],
)
async def test_a_role_is_at_a_unit_of_the_country(station, unit, reason):
    await station.refused(station.grant("ben", "officer", unit), reason, field="grant.unit")


async def test_a_grant_that_could_never_hold_is_refused(station):
    now = station.clock.now
    for start, end in ((None, now), (now, now - timedelta(days=1)), (now + timedelta(days=2), now + timedelta(days=1))):
        await station.refused(
            station.grant("ben", "officer", start=start, end=end), "GRANT_PERIOD_INVALID", field="grant.end_time"
        )
    await station.refused(station.grant("nobody", "officer"), "NOT_FOUND")


@pytest.mark.parametrize(
    "stamp", [Timestamp(seconds=10**15), Timestamp(seconds=1, nanos=-1), Timestamp(seconds=-(10**12))]
)
async def test_times_that_no_calendar_has(station, stamp):
    for field in ("start_time", "end_time"):
        grant = grant_pb2.Grant(role=1, unit=TCU, **{field: stamp})
        request = grant_service_pb2.CreateGrantRequest(parent=BEN, grant=grant)
        await station.refused(
            station.grants.CreateGrant(request, metadata=station.admin), "INVALID_FIELD", field=f"grant.{field}"
        )


async def test_a_token_carries_so_many_roles_and_no_more(station):
    for _ in range(MOST_GRANTS - 1):
        await station.grant("ben", "officer")
    await station.refused(station.grant("ben", "officer"), "TOO_MANY_GRANTS")
    await station.revoke((await station.grants_of("ben")).grants[0])
    assert await station.grant("ben", "officer")


async def test_the_last_administrator_stays(station):
    grants = (await station.grants_of("ana")).grants
    administers = next(grant for grant in grants if grant.role == 11)
    deactivate_unit = unit_service_pb2.DeactivateUnitRequest(name=NCB)
    for call in (
        station.revoke(administers),
        deactivate(station, ANA),
        station.units.DeactivateUnit(deactivate_unit, metadata=station.admin),
    ):
        await station.refused(call, "LAST_ADMINISTRATOR")
    assert await station.sign_in("ana")
    await station.grant("ben", "administrator")
    assert (await station.revoke(administers)).HasField("end_time")


async def test_of_two_administrators_one_stays_whatever_they_do_at_once(station):
    given = await station.grant("ben", "administrator")
    held = next(grant for grant in (await station.grants_of("ana")).grants if grant.role == 11)
    calls = [station.revoke(given), station.revoke(held), deactivate(station, ANA), deactivate(station, BEN)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    refusals = [answer for answer in answers if isinstance(answer, Exception)]
    assert {detail(status_of_error(one), error_details_pb2.ErrorInfo()).reason for one in refusals} == {
        "LAST_ADMINISTRATOR"
    }
    # One of the two lost the role, the post or both; the other kept both.
    assert len(refusals) >= 2
    metadata = station.as_("ana", "administrator@ncb")
    people = [await get_officer(station, name, metadata) for name in (ANA, BEN)]
    roles = [(await station.grants_of(who)).grants for who in ("ana", "ben")]
    administer = [
        officer.state == officer_pb2.OFFICER_STATE_ACTIVE
        and any(g.role == 11 and not g.HasField("end_time") for g in grants)
        for officer, grants in zip(people, roles, strict=True)
    ]
    assert sum(administer) == 1


async def test_a_unit_out_of_service_carries_no_roles(station):
    request = unit_service_pb2.DeactivateUnitRequest(name=TCU)
    unit = await station.units.DeactivateUnit(request, metadata=station.admin)
    assert unit.state == unit_pb2.UNIT_STATE_INACTIVE
    assert not (await station.me(station.as_("ben", "learner@tcu"))).grants
    await station.refused(station.grant("ben", "officer"), "UNIT_NOT_IN_SERVICE", field="grant.unit")
    await station.units.ActivateUnit(unit_service_pb2.ActivateUnitRequest(name=TCU), metadata=station.admin)
    assert (await station.me(station.as_("ben", "learner@tcu"))).grants


async def test_clearance_goes_into_tokens_and_its_end_voids_them(station):
    def clear(officer, level):
        changed = officer_pb2.Officer(name=officer.name, etag=officer.etag, clearance=level)
        request = officer_service_pb2.UpdateOfficerRequest(officer=changed, update_mask={"paths": ["clearance"]})
        return station.officers.UpdateOfficer(request, metadata=station.admin)

    ben = (await station.me(station.bearing((await station.sign_in("ben")).access_token))).officer
    assert ben.clearance == 0
    cleared = await clear(ben, 2)
    token = (await station.sign_in("ben")).access_token
    assert json.loads(jws.extract_compact(token.encode()).payload)["clearance"] == 2
    station.clock.passes(seconds=1)
    await clear(cleared, 0)
    station.clock.passes(seconds=20)
    await station.refused(station.me(station.bearing(token)), "TOKEN_EXPIRED")
    await station.refused(clear(cleared, 4), "INVALID_FIELD", field="officer.clearance")
