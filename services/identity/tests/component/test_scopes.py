import json

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from joserfc import jws
from station import IMPORTER, PORTAL, SECRET

from bluepacific.identity.v1 import (
    client_pb2,
    client_service_pb2,
    grant_service_pb2,
    officer_service_pb2,
    role_pb2,
    unit_service_pb2,
)

TCU = "countries/FJI/units/tcu"


def get_token(station, scope=None):
    asked = {} if scope is None else {"scope": scope}
    return station.token({"grant_type": "client_credentials", "client_id": IMPORTER, "client_secret": SECRET} | asked)


def change(station, name=IMPORTER, role="ADMINISTRATOR", **said):
    grants = [client_pb2.ClientGrant(role=role_pb2.Role.Value(f"ROLE_{role}"), unit=TCU)]
    client = client_pb2.Client(name=name, grants=grants if name == IMPORTER else (), **said)
    paths = [*said, *(["grants"] if name == IMPORTER else [])]
    request = client_service_pb2.UpdateClientRequest(client=client, update_mask=FieldMask(paths=paths))
    return station.clients.UpdateClient(request, metadata=station.admin)


def list_units(station, token):
    request = unit_service_pb2.ListUnitsRequest(parent="countries/FJI")
    return station.units.ListUnits(request, metadata=station.bearing(token))


async def test_a_token_carries_what_the_client_was_granted(station):
    assert "scope" not in (await get_token(station))[1]
    changed = await change(station, scopes=["identity.read", "training"])
    assert list(changed.scopes) == ["identity.read", "training"]
    status, content = await get_token(station)
    assert (status, content["scope"]) == (200, "identity.read training")
    claims = json.loads(jws.extract_compact(content["access_token"].encode()).payload)
    assert claims["scope"] == "identity.read training"
    assert (await get_token(station, "training"))[1]["scope"] == "training"


async def test_scopes_narrow_what_roles_allow(station):
    await change(station, scopes=["identity.read"])
    token = (await get_token(station))[1]["access_token"]
    assert len((await list_units(station, token)).units) == 2
    await station.refused(station.create_officer("seru", metadata=station.bearing(token)), "SCOPE_MISSING")
    station.clock.passes(seconds=1)
    await change(station, scopes=["cooperation"])
    station.clock.passes(seconds=20)
    await station.refused(list_units(station, token), "TOKEN_EXPIRED")
    token = (await get_token(station))[1]["access_token"]
    await station.refused(list_units(station, token), "SCOPE_MISSING")


async def test_scopes_never_widen_what_roles_allow(station):
    await change(station, role="ANALYST", scopes=["identity"])
    metadata = station.bearing((await get_token(station))[1]["access_token"])
    await station.refused(station.create_officer("seru", metadata=metadata), "PERMISSION_DENIED")


@pytest.mark.parametrize("scope", ["training", "identity", "identity.read training", "scim", "unheard.of"])
async def test_a_scope_that_was_not_granted_is_refused(station, scope):
    await change(station, scopes=["identity.read"])
    status, content = await get_token(station, scope)
    assert (status, content["error"]) == (400, "invalid_scope")


async def test_only_what_there_is_can_be_granted(station):
    await station.refused(change(station, scopes=["everything"]), "INVALID_FIELD", field="client.scopes[0]")
    await station.refused(change(station, PORTAL, scopes=["identity"]), "CLIENT_KIND_MISMATCH", field="client.scopes")


async def test_a_person_is_narrowed_by_roles_alone(station):
    tokens = await station.sign_in("ana")
    metadata = station.bearing(tokens.access_token)
    await station.officers.GetMe(officer_service_pb2.GetMeRequest(), metadata=metadata)
    request = grant_service_pb2.ListGrantsRequest(parent="countries/FJI/officers/ana")
    assert (await station.grants.ListGrants(request, metadata=metadata)).grants
