"""A node's services as processes of their own: they find, know and trust each other, and end without losing a call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2

from bluepacific.cooperation.v1 import request_service_pb2
from bluepacific.exchange.v1 import topic_service_pb2, topic_service_pb2_grpc
from bluepacific.identity.v1 import key_service_pb2, key_service_pb2_grpc
from bluepacific.training.v1.course_service_pb2 import ListCoursesRequest
from bp_client import AsyncBluePacific
from bp_kit.measures import (
    CALLS,
    CERTIFICATE,
    DISK_FREE,
    DISK_SIZE,
    DURATION,
    OUTBOX_AGE,
    OUTBOX_REFUSED,
    PROOF_GAP,
)
from bp_node import folder as node_folder
from bp_node.planting import plant
from bp_node.settings import checked, save
from tests.pods.collector import collecting
from tests.pods.node_of_processes import SERVICES, NodeOfProcesses

PEOPLE = {
    "units": [{"id": "ncb", "displayName": "NCB Suva", "kind": "NCB"}],
    "officers": [
        {
            "id": "ana",
            "givenName": "Ana",
            "familyName": "Ratu",
            "email": "ana@police.fj.example",
            "roles": ["officer@ncb"],
        }
    ],
}


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[NodeOfProcesses]:
    made = NodeOfProcesses(tmp_path)
    try:
        yield made
    finally:
        await made.kill()


async def _started(node: NodeOfProcesses, *services: str) -> None:
    for service in services:
        if service != "gateway":
            code, said = await node.run(service, "migrate")
            assert code == 0, said
    await asyncio.gather(*(node.start(service) for service in services))


def _planted(node: NodeOfProcesses) -> str:
    """Sets Ana up as a country's IT officer does, and returns her password."""
    values = {"node_id": "fji", "country": "FJI", "countries": ["FJI"], "public_url": node.url}
    settings = checked(node.folder, values)
    node_folder.make(settings.folder)
    save(settings)
    wanted, passwords = node.folder / "people.json", node.folder / "passwords.json"
    wanted.write_text(json.dumps(PEOPLE))
    plant(node.folder, wanted, passwords, as_json=True)
    return str(json.loads(passwords.read_text())["countries/FJI/officers/ana"])


async def test_a_person_signs_in_and_writes_a_request_through_the_gateway(node: NodeOfProcesses) -> None:
    password = await asyncio.to_thread(_planted, node)
    await _started(node, *SERVICES, "gateway")
    async with AsyncBluePacific(node.url) as client:
        await client.sign_in("ana", password)
        asking = client.asking(purpose="INVESTIGATION")
        wanted = request_service_pb2.ListRequestsRequest(parent="countries/FJI")
        assert not (await asking.cooperation.requests.ListRequests(wanted)).requests

        # Nobody asked training before; it has learned identity's keys nevertheless.
        await node.until_logged("training", "pod.knows_keys")
        assert await node.stop("identity") == 0, node.log("identity")
        assert not (await client.training.courses.ListCourses(ListCoursesRequest(parent="countries/FJI"))).courses
    for service in (*SERVICES, "gateway"):
        if service != "identity":
            assert await node.stop(service) == 0, node.log(service)


async def test_a_service_sends_what_it_measures_to_a_collector(node: NodeOfProcesses) -> None:
    assert (await node.run("exchange", "migrate"))[0] == 0
    async with collecting() as collector:
        told = {"BP_POD__OTLP_ENDPOINT": collector.url, "OTEL_METRIC_EXPORT_INTERVAL": "200"}
        await node.start("exchange", **told)
        async with node.channel("training", "exchange", "own") as channel:
            stub = topic_service_pb2_grpc.TopicServiceStub(channel)
            await stub.GetStandings(
                topic_service_pb2.GetStandingsRequest(message_id="0190b5a2-7f0e-7c3b-8a51-2f6f4a1d9e01")
            )
        gauges = (OUTBOX_AGE, OUTBOX_REFUSED, PROOF_GAP, CERTIFICATE, DISK_FREE, DISK_SIZE)
        async with asyncio.timeout(120):
            await collector.until(lambda: {one.name for one in (CALLS, DURATION, *gauges)} <= collector.points.keys())
        assert await node.stop("exchange") == 0, node.log("exchange")
    method = "bluepacific.exchange.v1.TopicService/GetStandings"
    assert {"service": "exchange", "method": method, "outcome": "OK"} in collector.points[CALLS.name]
    assert {"service": "exchange", "certificate": "pod"} in collector.points[CERTIFICATE.name]


async def test_only_services_of_the_node_call_on_the_port_of_services(node: NodeOfProcesses) -> None:
    await _started(node, "identity", "exchange")
    wanted = key_service_pb2.GetVoidedTokensRequest()
    async with node.channel("training", "identity", "own") as channel:
        await key_service_pb2_grpc.KeyServiceStub(channel).GetVoidedTokens(wanted)
    for caller in ("gateway", "stranger"):
        async with node.channel(caller, "identity", "own") as channel:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await key_service_pb2_grpc.KeyServiceStub(channel).GetVoidedTokens(wanted)
            assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED
    async with node.channel("gateway", "identity", "people") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await key_service_pb2_grpc.KeyServiceStub(channel).GetVoidedTokens(wanted)
        assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED


async def test_nobody_without_a_certificate_gets_through_the_handshake(node: NodeOfProcesses) -> None:
    await _started(node, "identity")
    authority = (node.folder / "tls-identity" / "ca.crt").read_bytes()
    for port in ("people", "own"):
        credentials = grpc.ssl_channel_credentials(authority)
        async with grpc.aio.secure_channel(node.address("identity", port), credentials) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await key_service_pb2_grpc.KeyServiceStub(channel).GetKeys(key_service_pb2.GetKeysRequest())
            assert refused.value.code() == grpc.StatusCode.UNAVAILABLE


async def test_told_to_stop_it_is_not_ready_and_calls_in_progress_have_their_time(node: NodeOfProcesses) -> None:
    await _started(node, "exchange")
    async with node.channel("training", "exchange", "own") as channel:
        stub = topic_service_pb2_grpc.TopicServiceStub(channel)
        stream = stub.Subscribe(topic_service_pb2.SubscribeRequest(service="training"))
        reading = asyncio.ensure_future(stream.read())
        await node.until_health("exchange", "live", health_pb2.HealthCheckResponse.SERVING)
        stopping = asyncio.create_task(node.stop("exchange"))
        assert await stopping == 0
        with pytest.raises(grpc.aio.AioRpcError):
            await reading


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("BP_POD__COUNTRY", "Fiji", "BP_POD__COUNTRY is wrong"),
        ("BP_POD__TLS_DIR", "/nowhere", "/nowhere/tls.crt cannot be read"),
        ("BP_TRAINING__DATABASE_URL", "postgresql+asyncpg://nobody:secret@127.0.0.1:1/none", "does not answer"),
        ("BP_POD__ADDRESSES", "{}", "does not say where exchange is"),
    ],
    ids=["country", "tls", "database", "addresses"],
)
async def test_what_is_wrong_is_told_in_one_line(node: NodeOfProcesses, variable: str, value: str, told: str) -> None:
    code, said = await node.run("training", "serve", **{variable: value})
    lines = said.strip().splitlines()
    assert (code, len(lines)) == (1, 1), said
    assert told in lines[0]
    assert "secret" not in said


async def test_check_changes_nothing_and_migrate_is_repeatable(node: NodeOfProcesses) -> None:
    code, said = await node.run("catalogue", "check")
    assert code == 1
    assert "migrate" in said
    assert not (node.folder / "data").exists()
    for words in ("brought from nothing", "is up to date"):
        code, said = await node.run("catalogue", "migrate")
        assert code == 0
        assert words in said
    code, said = await node.run("catalogue", "check")
    assert (code, "all is well" in said) == (0, True)
