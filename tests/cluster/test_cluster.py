"""A region on a real cluster: the same day as on one machine, then everything that happens to pods, while people work."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import subprocess
import sys
import tarfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bluepacific.catalogue.v1 import capability_service_pb2
from bluepacific.cooperation.v1 import request_service_pb2
from bp_client import AsyncBluePacific, Problem
from bp_node.scenario import letters
from tests.cluster.conftest import FIGURES
from tests.cluster.kube import get, helm, is_rolled_out, kubectl, python_in, until
from tests.cluster.region_on_cluster import CENTRE, PART, RELEASE, SERVICES, Region
from tests.cluster.traffic import Traffic

_DIAL = """
import socket, sys
try:
    socket.create_connection(({host!r}, {port}), timeout=4).close()
    sys.stdout.write("open")
except OSError as error:
    sys.stdout.write(type(error).__name__)
"""


@asynccontextmanager
async def working(region: Region, mark: str) -> Any:
    """Has somebody at the centre work within the block; afterwards nothing may be lost and nothing doubled."""
    passwords = json.loads((region.state / "people.json").read_text())
    async with AsyncBluePacific(region.url(CENTRE)) as client:
        await client.sign_in("lagi", passwords["countries/WSM/officers/lagi"])
        # A region may be used again, with what was written in it.
        traffic = Traffic(client.asking(purpose=letters.INVESTIGATION), "WSM", f"{mark} {secrets.token_hex(3)}")
        stop = asyncio.Event()
        going = asyncio.create_task(traffic.run(stop))
        try:
            yield traffic
        finally:
            stop.set()
            await going
        kept = await traffic.kept()
    region.figures[mark] = {"written": len(traffic.acknowledged), "triedAgain": dict(traffic.retried)}
    assert traffic.acknowledged
    assert not traffic.refused
    assert not [title for title in traffic.acknowledged if kept[title] == 0], "nothing acknowledged is lost"
    assert not [title for title, count in kept.items() if count > 1], "nothing is doubled"


def test_the_day_of_the_scenario_holds(region: Region) -> None:
    command = [sys.executable, "-m", "bp_node", "scenario", "--state", str(region.state), "--json"]
    played = subprocess.run(command, capture_output=True, text=True, check=False)
    (FIGURES.parent / "cluster-scenario.jsonl").write_text(played.stdout + played.stderr)
    assert played.returncode == 0, played.stdout + played.stderr
    region.figures["scenario"] = json.loads(played.stdout.splitlines()[-1])


async def test_without_its_part_at_the_centre_a_country_goes_on_and_says_what_it_cannot(region: Region) -> None:
    password = json.loads((region.state / "people.json").read_text())["countries/TON/officers/mele"]
    everything = capability_service_pb2.ListCapabilitiesRequest(parent="countries/-")
    own = request_service_pb2.ListRequestsRequest(parent="countries/TON")
    scaled = ("scale", "deployments", "--all", "--namespace", PART)
    async with AsyncBluePacific(region.url("ton")) as client:
        await client.sign_in("mele", password)
        asking = client.asking(purpose=letters.INVESTIGATION)
        await asking.catalogue.capabilities.ListCapabilities(everything)
        await asyncio.to_thread(kubectl, *scaled, "--replicas=0")
        try:
            await asyncio.to_thread(until, "the part is away", lambda: not get("pods", PART))
            with pytest.raises(Problem) as refused:
                await asking.catalogue.capabilities.ListCapabilities(everything)
            assert (refused.value.status, refused.value.reason) == (503, "UNAVAILABLE")
            assert refused.value.retry_after
            await asking.cooperation.requests.ListRequests(own)
        finally:
            await asyncio.to_thread(kubectl, *scaled, "--replicas=1")
            await asyncio.to_thread(until, "the part is back", lambda: is_rolled_out(PART))

        async def answered() -> bool:
            try:
                await asking.catalogue.capabilities.ListCapabilities(everything)
            except Problem as problem:
                assert problem.reason == "UNAVAILABLE"
                return False
            return True

        async with asyncio.timeout(120):
            while not await answered():  # noqa: ASYNC110 - another machine tells nobody
                await asyncio.sleep(0.2)


async def test_each_pod_killed_in_turn_while_people_work(region: Region) -> None:
    async with working(region, "killed") as traffic:
        for service in SERVICES:
            before = len(traffic.acknowledged)
            chosen = ("-l", f"app.kubernetes.io/component={service},bluepacific/serves=true")
            pod = (await asyncio.to_thread(get, "pods", CENTRE, *chosen))[0]["metadata"]["name"]
            gone = ("delete", "pod", pod, "--force", "--grace-period=0")
            await asyncio.to_thread(kubectl, *gone, namespace=CENTRE)
            await asyncio.to_thread(until, f"{service} is back", lambda: is_rolled_out(CENTRE))
            async with asyncio.timeout(120):
                await traffic.until(before + 5)


async def test_an_upgrade_with_new_certificates_and_a_rollback_refuse_nobody(region: Region) -> None:
    def names() -> set[str]:
        return {one["metadata"]["name"] for one in get("pods", CENTRE, "-l", "bluepacific/serves=true")}

    before = await asyncio.to_thread(names)
    certificate = (await asyncio.to_thread(get, f"secret/{RELEASE}-identity-tls", CENTRE))[0]["data"]["tls.crt"]
    revision = json.loads(helm("history", RELEASE, "-n", CENTRE, "-o", "json"))[-1]["revision"]
    async with working(region, "upgraded"):
        await asyncio.to_thread(region.upgrade, CENTRE, f"global.tls.renewal=after-{revision}")
        await asyncio.to_thread(until, "upgraded", lambda: is_rolled_out(CENTRE))
        # Counted no more, the old ones still drain.
        await asyncio.to_thread(until, "all pods are new", lambda: before.isdisjoint(names()))
        renewed = (await asyncio.to_thread(get, f"secret/{RELEASE}-identity-tls", CENTRE))[0]["data"]["tls.crt"]
        assert renewed != certificate
        back = ("rollback", RELEASE, str(revision), "-n", CENTRE, "--wait", "--timeout", "8m")
        await asyncio.to_thread(helm, *back)
        await asyncio.to_thread(until, "rolled back", lambda: is_rolled_out(CENTRE))


@pytest.mark.parametrize(
    ("source", "host", "port", "outcome"),
    [
        ("exchange", "node-link.ptccc.svc.cluster.local", 8101, "open"),
        ("exchange", "node-cooperation.ptccc.svc.cluster.local", 8443, "TimeoutError"),
        ("cooperation", "node-link.ptccc.svc.cluster.local", 8101, "TimeoutError"),
        ("cooperation", "node-exchange", 8444, "open"),
        ("cooperation", "node-training", 8444, "TimeoutError"),
        ("gateway", "node-cooperation", 8443, "open"),
        ("gateway", "node-cooperation", 8444, "TimeoutError"),
        ("gateway", "mail.bp-mail.svc.cluster.local", 2525, "TimeoutError"),
        ("notifications", "mail.bp-mail.svc.cluster.local", 2525, "open"),
        ("gateway", "node-identity.ton-central.svc.cluster.local", 8443, "TimeoutError"),
    ],
    ids=str,
)
def test_only_named_flows_are_open(region: Region, source: str, host: str, port: int, outcome: str) -> None:
    assert "fji" in region.nodes
    said = python_in("fji", f"deploy/{RELEASE}-{source}", _DIAL.format(host=host, port=port))
    assert said == outcome


def _cluster(*arguments: str) -> Any:
    command = [sys.executable, "-m", "bp_node", "cluster", *arguments, "--namespace", "fji", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_operator_sees_a_node_that_is_well(region: Region, tmp_path: Path) -> None:
    assert region.nodes["fji"].ready
    assert _cluster("preflight")["findings"] == []
    assert not [one for one in _cluster("doctor")["findings"] if one["urgent"]]
    seen = _cluster("status")
    assert {one["name"] for one in seen["services"]} == set(SERVICES)
    assert all(one["days"] > 300 for one in seen["certificates"])
    assert {one["state"] for one in seen["volumes"]} == {"Bound"}
    written = _cluster("support-bundle", str(tmp_path / "support.tar.gz"))
    with tarfile.open(written["file"]) as archive:
        text = b"".join(archive.extractfile(one).read() for one in archive if one.isfile())  # type: ignore[union-attr]
    assert b"pod.ready" in text
    for secret in get("secrets", "fji", "-l", "app.kubernetes.io/part-of=bluepacific"):
        for name, value in secret["data"].items():
            if name not in ("tls.crt", "ca.crt"):
                assert base64.b64decode(value) not in text
                assert value.encode() not in text
