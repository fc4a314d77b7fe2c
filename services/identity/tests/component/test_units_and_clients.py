import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from station import CALLBACK, PORTAL

from bluepacific.identity.v1 import client_pb2, client_service_pb2, unit_pb2, unit_service_pb2

NCB = "countries/FJI/units/ncb"


def create_unit(station, unit_id, **fields):
    unit = unit_pb2.Unit(**({"display_name": "Customs", "kind": unit_pb2.UNIT_KIND_CUSTOMS} | fields))
    request = unit_service_pb2.CreateUnitRequest(parent="countries/FJI", unit_id=unit_id, unit=unit)
    return station.units.CreateUnit(request, metadata=station.admin)


def create_client(station, client_id="desk", **fields):
    values = {"display_name": "Desk", "kind": client_pb2.CLIENT_KIND_BROWSER, "redirect_uris": [CALLBACK]}
    request = client_service_pb2.CreateClientRequest(
        parent="countries/FJI", client_id=client_id, client=client_pb2.Client(**(values | fields))
    )
    return station.clients.CreateClient(request, metadata=station.admin)


async def test_units(station):
    unit = await create_unit(station, "customs")
    await station.refused(create_unit(station, "customs"), "ALREADY_EXISTS")
    request = unit_service_pb2.UpdateUnitRequest(
        unit=unit_pb2.Unit(name=unit.name, display_name="Border", etag=unit.etag),
        update_mask=FieldMask(paths=["display_name"]),
    )
    changed = await station.units.UpdateUnit(request, metadata=station.admin)
    assert (changed.display_name, changed.kind) == ("Border", unit_pb2.UNIT_KIND_CUSTOMS)
    await station.refused(station.units.UpdateUnit(request, metadata=station.admin), "ETAG_MISMATCH")
    listing = unit_service_pb2.ListUnitsRequest(parent="countries/FJI", filter='kind = "CUSTOMS"')
    listed = await station.units.ListUnits(listing, metadata=station.as_("ben", "learner@tcu"))
    assert list(listed.units) == [changed]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"display_name": ""}, "unit.display_name"),
        ({"display_name": "\t"}, "unit.display_name"),
        ({"kind": 0}, "unit.kind"),
        ({"kind": 99}, "unit.kind"),
    ],
)
async def test_what_is_said_of_a_unit_is_checked(station, fields, field):
    await station.refused(create_unit(station, "customs", **fields), "INVALID_FIELD", field=field)


@pytest.mark.parametrize(
    ("fields", "reason", "field"),
    [
        ({"display_name": ""}, "INVALID_FIELD", "client.display_name"),
        ({"kind": 0}, "INVALID_FIELD", "client.kind"),
        ({"redirect_uris": ["http://portal.example/"]}, "REDIRECT_URI_INVALID", "client.redirect_uris[0]"),
        ({"redirect_uris": [CALLBACK, CALLBACK + "#x"]}, "REDIRECT_URI_INVALID", "client.redirect_uris[1]"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "REDIRECT_URI_INVALID", "client.redirect_uris[0]"),
        ({"redirect_uris": ["not a uri"]}, "INVALID_FIELD", "client.redirect_uris[0]"),
        ({"grants": [client_pb2.ClientGrant(role=1, unit=NCB)]}, "CLIENT_KIND_MISMATCH", "client.grants"),
        ({"kind": client_pb2.CLIENT_KIND_SERVICE}, "CLIENT_KIND_MISMATCH", "client.redirect_uris"),
        (
            {
                "kind": client_pb2.CLIENT_KIND_SERVICE,
                "redirect_uris": [],
                "grants": [client_pb2.ClientGrant(role=1, unit="countries/TON/units/ncb")],
            },
            "UNIT_NOT_IN_SERVICE",
            "client.grants[0].unit",
        ),
    ],
)
async def test_what_is_said_of_a_client_is_checked(station, fields, reason, field):
    await station.refused(create_client(station, **fields), reason, field=field)


async def test_clients(station):
    client = await create_client(station)
    request = client_service_pb2.UpdateClientRequest(
        client=client_pb2.Client(name=client.name, redirect_uris=["https://other.example/"], etag=client.etag),
        update_mask=FieldMask(paths=["redirect_uris"]),
    )
    changed = await station.clients.UpdateClient(request, metadata=station.admin)
    assert (changed.display_name, changed.redirect_uris) == ("Desk", ["https://other.example/"])
    listing = client_service_pb2.ListClientsRequest(parent="countries/FJI", filter='kind = "BROWSER"')
    listed = await station.clients.ListClients(listing, metadata=station.admin)
    assert [one.name for one in listed.clients] == [client.name, PORTAL]
