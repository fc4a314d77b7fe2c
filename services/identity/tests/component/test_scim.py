import json

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from station import IMPORTER, SECRET

from bluepacific.identity.v1 import (
    client_pb2,
    client_service_pb2,
    officer_pb2,
    officer_service_pb2,
    proposal_service_pb2,
    role_pb2,
    scim_service_pb2,
    scim_service_pb2_grpc,
    unit_service_pb2,
)
from bluepacific.identity.v1 import officer_read_service_pb2 as reads_pb
from bluepacific.identity.v1 import officer_read_service_pb2_grpc as reads_grpc
from bp_kit.testing.subjects import ask_about

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BEN = "countries/FJI/officers/ben"


class Directory:
    """A country's own directory, which keeps its people here."""

    def __init__(self, station, metadata):
        self.station = station
        self.metadata = metadata
        self.stub = scim_service_pb2_grpc.ScimServiceStub(station.under_test.channel)

    def call(self, method, kind, identifier="", body=None, **more):
        content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        collection = {"Users": "officers", "Groups": "units"}.get(kind)
        name = f"countries/FJI/{collection}{'/' if identifier else ''}{identifier}" if collection else ""
        request = scim_service_pb2.ScimRequest(
            method=method, kind=kind, id=identifier, body=content, **{"name": name, **more}
        )
        rpc = f"{'Find' if method == 'GET' else 'Change'}{kind}"
        return getattr(self.stub, rpc)(request, metadata=self.metadata)

    async def get(self, method, kind, identifier="", body=None, **more):
        answer = await self.call(method, kind, identifier, body, **more)
        return json.loads(answer.body) if answer.body else None

    def patch(self, kind, identifier, *operations, **more):
        return self.get("PATCH", kind, identifier, {"schemas": [PATCH], "Operations": list(operations)}, **more)

    async def found(self, kind, filter_):
        from urllib.parse import urlencode

        listed = await self.get("GET", kind, query=urlencode({"filter": filter_}))
        return [one["id"] for one in listed.get("Resources", [])]


def seru(**changes):
    return {
        "schemas": [USER],
        "userName": "Seru.Rabuka@police.example.fj",
        "externalId": "A-17",
        "name": {"givenName": "Seru", "familyName": "Rabuka"},
        "emails": [{"value": "seru@police.example.fj", "type": "work", "primary": True}],
        "active": True,
    } | changes


@pytest.fixture
async def directory(station):
    grants = [client_pb2.ClientGrant(role=role_pb2.ROLE_ADMINISTRATOR, unit="countries/FJI/units/ncb")]
    changed = client_pb2.Client(name=IMPORTER, grants=grants, scopes=["scim"])
    request = client_service_pb2.UpdateClientRequest(client=changed, update_mask=FieldMask(paths=["grants", "scopes"]))
    await station.in_force(station.clients.UpdateClient(request, metadata=station.admin))
    form = {"grant_type": "client_credentials", "client_id": IMPORTER, "client_secret": SECRET}
    return Directory(station, station.bearing((await station.token(form))[1]["access_token"]))


async def officer(station, name):
    request = officer_service_pb2.GetOfficerRequest(name=f"countries/FJI/officers/{name}")
    return await station.officers.GetOfficer(request, metadata=station.admin)


async def test_a_joiner_is_an_officer_without_a_role(directory, station):
    added = await directory.get("POST", "Users", body=seru())
    assert (added["id"], added["userName"], added["externalId"]) == (
        "seru-rabuka",
        "seru.rabuka@police.example.fj",
        "A-17",
    )
    kept = await officer(station, "seru-rabuka")
    assert (kept.given_name, kept.email, kept.state) == ("Seru", "seru@police.example.fj", 1)
    assert not (await station.grants_of("seru-rabuka")).grants
    await station.refused(directory.call("POST", "Users", body=seru()), "ALREADY_EXISTS")
    other = seru(userName="other@police.example.fj")
    await station.refused(directory.call("POST", "Users", body=other), "EMAIL_TAKEN")


async def test_whom_we_knew_before_is_found_by_address(directory):
    assert await directory.found("Users", 'userName eq "BEN@police.example.fj"') == ["ben"]
    assert await directory.found("Users", 'userName eq "ben"') == []


async def test_a_mover_leaves_every_role_at_the_unit(directory, station):
    await directory.get("POST", "Users", body=seru())
    await station.grant("seru-rabuka", "ANALYST")
    member = [{"value": "seru-rabuka"}]
    added = await directory.patch("Groups", "ncb", {"op": "Add", "path": "members", "value": member})
    assert {"ana", "seru-rabuka"} <= {one["value"] for one in added["members"]}
    await directory.patch("Groups", "tcu", {"op": "Remove", "path": "members", "value": member})
    assert await roles(station, "seru-rabuka") == {("ROLE_OFFICER", "countries/FJI/units/ncb")}
    remaining = await directory.get("GET", "Groups", "tcu")
    assert [one["value"] for one in remaining["members"]] == ["ben"]


async def roles(station, who):
    listed = await station.grants_of(who)
    return {(role_pb2.Role.Name(one.role), one.unit) for one in listed.grants if not one.HasField("end_time")}


async def test_a_leaver_is_out_and_found_no_more(directory, station):
    tokens = await station.sign_in("ben")
    station.clock.passes(seconds=1)
    assert await directory.get("DELETE", "Users", "ben") is None
    await station.refused(station.refresh(tokens.refresh_token), "REFRESH_TOKEN_INVALID")
    station.clock.passes(seconds=20)
    await station.refused(station.me(station.bearing(tokens.access_token)), "TOKEN_EXPIRED")
    await station.refused(directory.call("GET", "Users", "ben"), "NOT_FOUND")
    assert await directory.found("Users", 'id eq "ben"') == []
    assert (await officer(station, "ben")).state == officer_pb2.OFFICER_STATE_INACTIVE
    # Whether somebody new of that address is the same person, no program can know.
    again = seru(userName="ben@police.example.fj", emails=[{"value": "ben.new@police.example.fj"}])
    await station.refused(directory.call("POST", "Users", body=again), "ALREADY_EXISTS")


async def test_whom_the_directory_took_out_it_lets_in_again(directory, station):
    for active in (False, True):
        changed = await directory.patch("Users", "ben", {"op": "replace", "path": "active", "value": active})
        assert changed["active"] is active
        assert ((await officer(station, "ben")).state == officer_pb2.OFFICER_STATE_ACTIVE) is active


async def test_whom_others_took_out_it_does_not(directory, station):
    request = officer_service_pb2.DeactivateOfficerRequest(name=BEN)
    await station.officers.DeactivateOfficer(request, metadata=station.admin)
    patch = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": True}]}
    await station.refused(directory.call("PATCH", "Users", "ben", patch), "REACTIVATION_NOT_YOURS")
    assert (await officer(station, "ben")).state == officer_pb2.OFFICER_STATE_INACTIVE


async def test_it_takes_no_last_administrator_away(directory, station):
    await station.refused(directory.call("DELETE", "Users", "ana"), "LAST_ADMINISTRATOR")
    nobody = {"schemas": [GROUP], "displayName": "NCB"}
    await station.refused(directory.call("PUT", "Groups", "ncb", nobody), "LAST_ADMINISTRATOR")


async def test_a_change_is_for_the_version_that_was_read(directory, station):
    answer = await directory.call("GET", "Users", "ben")
    version = next(one.value for one in answer.headers if one.name == "etag")
    assert version.startswith('W/"')
    assert (await directory.call("GET", "Users", "ben", if_none_match=version)).status == 304
    rename = {"op": "replace", "path": "name.givenName", "value": "Benjamin"}
    assert (await directory.patch("Users", "ben", rename, if_match=version))["name"]["givenName"] == "Benjamin"
    body = {"schemas": [PATCH], "Operations": [rename | {"value": "Benny"}]}
    await station.refused(directory.call("PATCH", "Users", "ben", body, if_match=version), "ETAG_MISMATCH")
    assert (await directory.patch("Users", "ben", rename, if_match="*"))["name"]["givenName"] == "Benjamin"


async def test_a_group_is_a_unit(directory, station):
    body = {"schemas": [GROUP], "displayName": "Border force", "externalId": "G-1", "members": [{"value": "ben"}]}
    group = await directory.get("POST", "Groups", body=body)
    assert group["id"] == "border-force"
    name = "countries/FJI/units/border-force"
    assert ("ROLE_OFFICER", name) in await roles(station, "ben")
    for filter_ in ('displayName eq "border FORCE"', 'externalId eq "G-1"', 'members eq "ben" and not (id eq "tcu")'):
        assert await directory.found("Groups", filter_) == ["border-force"]
    await directory.get("DELETE", "Groups", "border-force")
    await station.refused(directory.call("GET", "Groups", "border-force"), "NOT_FOUND")
    unit = await station.units.GetUnit(unit_service_pb2.GetUnitRequest(name=name), metadata=station.admin)
    assert unit.state == 2


async def test_pages_begin_where_they_are_asked_to(directory):
    page = await directory.get("GET", "Users", query="startIndex=2&count=1")
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (2, 2, 1)
    assert [one["id"] for one in page["Resources"]] == ["ben"]
    assert (await directory.get("GET", "Users", query="count=0"))["totalResults"] == 2
    assert (await directory.get("GET", "Users", query="startIndex=999999999999")).get("Resources") in (None, [])


@pytest.mark.parametrize(
    "filter_",
    [
        'userName sw "a" and active eq true',
        'name.familyName co "KATA"',
        'emails[type eq "work" and value sw "ana"]',
        'userName ew ".fj" and not (userName sw "ben")',
        '(id eq "ana" or id eq "nobody") and userName pr',
        'meta.lastModified gt "2001-01-01T00:00:00Z" and name.givenName ne "Ben"',
    ],
)
async def test_people_are_found_by_what_a_filter_says(directory, filter_):
    assert await directory.found("Users", filter_) == ["ana"]


@pytest.mark.parametrize(
    "filter_",
    [
        "userName",
        'password eq "x"',
        'active gt "x"',
        "userName eq 7",
        'meta.created gt "yesterday"',
        "(" * 30 + 'id eq "x"' + ")" * 30,
        'id eq "' + "x" * 1001 + '"',
        r'id eq "\u0000"',
    ],
)
async def test_a_filter_that_cannot_be_read_is_refused(directory, station, filter_):
    await station.refused(directory.found("Users", filter_), "SCIM_REFUSED")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{" * 5000,
        seru(name=None),
        seru(emails=[]) | {"userName": "seru"},
        seru(userName=""),
        seru(userName="x" * 255),
        seru(userName="a\0b"),
        seru(externalId="x" * 300),
        seru(preferredLanguage="12"),
        seru(active="perhaps"),
        seru(name="Seru"),
    ],
    ids=range(12),
)
async def test_a_person_who_is_not_right_is_refused(directory, station, body):
    await station.refused(directory.call("POST", "Users", body=body), "SCIM_REFUSED")


async def test_names_and_addresses_obey_the_rules_of_officers(directory, station):
    person = seru(emails=[{"value": "nobody at home"}])
    await station.refused(directory.call("POST", "Users", body=person), "INVALID_FIELD", field="officer.email")
    person = seru(name={"givenName": "S" * 101, "familyName": "R"})
    await station.refused(directory.call("POST", "Users", body=person), "INVALID_FIELD", field="officer.given_name")


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "id", "value": "x"},
        {"op": "remove", "path": "userName"},
        {"op": "jump", "path": "active"},
        {"op": "replace", "path": "name[", "value": "x"},
        {"op": "replace", "path": "active", "value": "perhaps"},
    ],
)
async def test_a_patch_that_is_not_right_is_refused(directory, station, operation):
    body = {"schemas": [PATCH], "Operations": [operation]}
    await station.refused(directory.call("PATCH", "Users", "ben", body), "SCIM_REFUSED")


async def test_what_entra_sends_besides_is_left_alone(directory):
    more = {"displayName": "Seru R", "title": "Sergeant", "addresses": [{"type": "work"}], "preferredLanguage": "fr-FR"}
    enterprise = {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "7"}}
    added = await directory.get("POST", "Users", body=seru(**more, **enterprise))
    assert added["preferredLanguage"] == "fr"
    assert "title" not in added
    changed = await directory.patch(
        "Users",
        added["id"],
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "s.r@police.example.fj"},
        {"op": "Replace", "path": "displayName", "value": "S R"},
        {"op": "Add", "value": {"name.familyName": "Rabuka Jr", "active": "True"}},
    )
    assert changed["emails"][0]["value"] == "s.r@police.example.fj"
    assert changed["name"] == {"givenName": "Seru", "familyName": "Rabuka Jr"}


async def test_a_unit_that_is_not_right_is_refused(directory, station):
    body = {"schemas": [GROUP], "displayName": "Border force"}
    unknown = body | {"members": [{"value": "nobody"}]}
    await station.refused(directory.call("POST", "Groups", body=unknown), "NOT_FOUND")
    strange = body | {"members": [{"value": "../ana"}]}
    await station.refused(directory.call("POST", "Groups", body=strange), "SCIM_REFUSED")
    crowd = body | {"members": [{"value": f"officer-{number}"} for number in range(1001)]}
    await station.refused(directory.call("POST", "Groups", body=crowd), "INVALID_FIELD")


async def test_only_a_program_with_the_scope_calls_and_for_its_own_country(directory, station):
    await station.refused(Directory(station, station.admin).call("GET", "Users"), "SCOPE_MISSING")
    officer = station.as_("ben", "officer@tcu")
    await station.refused(Directory(station, officer).call("GET", "Users"), "PERMISSION_DENIED")
    await station.refused(directory.call("GET", "Users", "mele"), "NOT_FOUND")
    await station.refused(station.create_officer("seru", metadata=directory.metadata), "SCOPE_MISSING")
    listing = proposal_service_pb2.ListProposalsRequest(parent="countries/FJI")
    await station.refused(station.proposals.ListProposals(listing, metadata=directory.metadata), "SCOPE_MISSING")


async def test_an_officer_sees_that_the_directory_read_the_record(station, directory):
    await directory.get("GET", "Users", "ben")
    await directory.get("GET", "Users")
    await station.topics.wait_reads(2)
    stub = reads_grpc.OfficerReadServiceStub(station.under_test.channel)
    found = await stub.ListReads(reads_pb.ListReadsRequest(parent=BEN), metadata=station.as_("ben", "learner@tcu"))
    assert [(one.permission, one.record) for one in found.reads] == [
        ("identity.scim.findUsers", "countries/FJI/officers"),
        ("identity.scim.findUsers", BEN),
    ]
    assert {one.reader for one in found.reads} == {IMPORTER}


async def test_who_is_blocked_is_not_there_for_the_directory_either(station, directory):
    assert await directory.found("Users", 'userName eq "ben@police.example.fj"') == ["ben"]
    await ask_about(station.under_test, "BLOCK", officer=BEN)
    await station.refused(directory.call("GET", "Users", "ben"), "NOT_FOUND")
    await station.refused(directory.call("DELETE", "Users", "ben"), "NOT_FOUND")
    assert await directory.found("Users", 'userName eq "ben@police.example.fj"') == []


async def test_a_directory_names_nobody_of_another_country(station, directory):
    mele = {"name": "countries/TON/officers/mele"}
    await station.refused(directory.call("GET", "Users", "mele", **mele), "PERMISSION_DENIED")
