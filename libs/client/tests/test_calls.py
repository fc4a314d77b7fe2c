from __future__ import annotations

import socket

import grpc
import pytest

from bluepacific.identity.v1 import officer_pb2, officer_service_pb2, unit_pb2, unit_service_pb2
from bp_client import AsyncBluePacific, BluePacific, Problem

UNIT = "countries/FJI/units/ncb"


@pytest.fixture
def client(gateway):
    with BluePacific(gateway.url) as made:
        yield made


@pytest.fixture
async def aclient(gateway):
    async with AsyncBluePacific(gateway.url) as made:
        yield made


def test_get_puts_the_name_into_the_path_and_reads_json(gateway, client):
    gateway.script = [
        gateway.ok({"name": UNIT, "displayName": "Suva NCB", "kind": "UNIT_KIND_NCB", "fromTheFuture": 1})
    ]
    unit = client.identity.units.GetUnit(unit_service_pb2.GetUnitRequest(name=UNIT))
    assert unit == unit_pb2.Unit(name=UNIT, display_name="Suva NCB", kind=unit_pb2.UNIT_KIND_NCB)
    assert (gateway.seen[0].verb, gateway.seen[0].path, gateway.seen[0].body) == ("GET", f"/v1/{UNIT}", b"")


async def test_async_stubs_make_the_same_request(gateway, aclient):
    gateway.script = [gateway.ok({"name": UNIT})]
    call = aclient.identity.units.GetUnit(unit_service_pb2.GetUnitRequest(name=UNIT))
    unit = await call
    assert unit.name == UNIT
    assert dict(await call.initial_metadata())["content-type"] == "application/json"
    assert gateway.seen[0].path == f"/v1/{UNIT}"


def test_what_neither_path_nor_body_takes_goes_into_the_query(gateway, client):
    request = unit_service_pb2.ListUnitsRequest(parent="countries/FJI", page_size=5, filter='kind = "NCB" & é')
    client.identity.units.ListUnits(request)
    assert gateway.seen[0].path == "/v1/countries/FJI/units"
    assert sorted(gateway.seen[0].query.split("&")) == ["filter=kind+%3D+%22NCB%22+%26+%C3%A9", "pageSize=5"]


def test_update_takes_the_name_out_of_the_body_and_the_mask_into_the_query(gateway, client):
    request = unit_service_pb2.UpdateUnitRequest(unit=unit_pb2.Unit(name=UNIT, display_name="Suva", etag='"1"'))
    request.update_mask.paths.append("display_name")
    client.identity.units.UpdateUnit(request)
    seen = gateway.seen[0]
    assert (seen.verb, seen.path, seen.query) == ("PATCH", f"/v1/{UNIT}", "updateMask=displayName")
    assert seen.json == {"displayName": "Suva", "etag": '"1"'}


def test_create_names_itself_so_that_a_repeat_is_harmless(gateway, client):
    gateway.script = [gateway.cut(), gateway.ok()]
    request = officer_service_pb2.CreateOfficerRequest(parent="countries/FJI", officer_id="ana")
    request.officer.CopyFrom(officer_pb2.Officer(given_name="Ana"))
    client.identity.officers.CreateOfficer(request)
    first, second = gateway.seen
    assert first.query == second.query
    assert "requestId=" in first.query
    assert not request.request_id, "the caller's message stays as it was"


def test_a_cut_after_sending_is_not_repeated_where_a_repeat_could_act_twice(gateway, client):
    gateway.script = [gateway.cut()]
    with pytest.raises(Problem) as told:
        client.identity.officers.ResetPassword(
            officer_service_pb2.ResetPasswordRequest(name="countries/FJI/officers/ana")
        )
    assert (told.value.status, told.value.reason) == (0, "UNAVAILABLE")
    assert len(gateway.seen) == 1


def test_a_name_that_does_not_fit_is_refused_before_it_is_sent(gateway, client):
    with pytest.raises(Problem) as told:
        client.identity.units.GetUnit(unit_service_pb2.GetUnitRequest(name="countries/FJI/../secrets/x"))
    assert told.value.errors[0].place == "name"
    assert gateway.seen == []


def test_unavailable_is_repeated_and_nothing_else(gateway, client):
    gateway.script = [gateway.problem(503, "UNAVAILABLE", retry_after="0"), gateway.ok({"name": UNIT})]
    client.identity.units.GetUnit(unit_service_pb2.GetUnitRequest(name=UNIT))
    assert len(gateway.seen) == 2
    gateway.script = [gateway.problem(429, "OVERLOADED", retry_after="7")]
    with pytest.raises(Problem) as told:
        client.identity.units.GetUnit(unit_service_pb2.GetUnitRequest(name=UNIT))
    assert told.value.retry_after == 7
    assert len(gateway.seen) == 3


def test_unavailable_for_good_is_told_after_four_tries(gateway, client):
    gateway.script = [gateway.problem(503, "UNAVAILABLE")]
    with pytest.raises(Problem):
        client.identity.units.GetUnit(unit_service_pb2.GetUnitRequest(name=UNIT))
    assert len(gateway.seen) == 4


def test_nobody_listening_is_a_problem_too():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        with BluePacific(f"http://127.0.0.1:{held.getsockname()[1]}") as client, pytest.raises(Problem) as told:
            client.identity.units.GetUnit(unit_service_pb2.GetUnitRequest(name=UNIT))
    assert told.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_problem_says_what_the_gateway_said(gateway, aclient):
    gateway.script = [gateway.problem(404, "NOT_FOUND")]
    with pytest.raises(grpc.RpcError) as told:
        await aclient.identity.units.GetUnit(unit_service_pb2.GetUnitRequest(name=UNIT))
    problem = told.value
    assert isinstance(problem, Problem)
    assert (problem.status, problem.reason, problem.trace_id) == (404, "NOT_FOUND", "a" * 32)
    assert problem.code() is grpc.StatusCode.NOT_FOUND
    assert (problem.errors[0].place, problem.metadata) == ("/title", {"name": "x"})


def test_an_error_page_of_a_proxy_is_a_problem(gateway, client):
    page = gateway.text("<html>Bad gateway</html>", "text/html")
    page.status = 502
    gateway.script = [page]
    with pytest.raises(Problem) as told:
        client.identity.units.GetUnit(unit_service_pb2.GetUnitRequest(name=UNIT))
    assert (told.value.status, told.value.reason) == (502, "UNKNOWN")


def test_purpose_language_and_deadline_go_with_the_call(gateway, client):
    asking = client.asking(purpose="INVESTIGATION", language="fr")
    asking.identity.units.GetUnit(
        unit_service_pb2.GetUnitRequest(name=UNIT), timeout=2.5, metadata=(("X-Purpose", "PROSECUTION"),)
    )
    headers = gateway.seen[0].headers
    assert (headers["x-purpose"], headers["accept-language"]) == ("PROSECUTION", "fr")
    assert headers["x-deadline-ms"] == "2500"


def test_a_node_only_method_is_refused_here(client):
    from bluepacific.exchange.v1 import topic_service_pb2

    with pytest.raises(Problem, match="not reachable"):
        client.exchange.topics.Send(topic_service_pb2.SendRequest())


def test_unknown_areas_and_services_are_named(client):
    with pytest.raises(AttributeError, match=r"there are .*identity"):
        _ = client.nowhere
    with pytest.raises(AttributeError, match=r"it has .*units"):
        _ = client.identity.nothing
