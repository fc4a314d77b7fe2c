"""A region on a real cluster: the same day as on one machine, and a country whose other part is away."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest

from bluepacific.catalogue.v1 import capability_service_pb2
from bluepacific.cooperation.v1 import request_service_pb2
from bp_client import AsyncBluePacific, Problem
from bp_node.scenario import letters
from tests.cluster.conftest import FIGURES
from tests.cluster.kube import get, is_rolled_out, kubectl, until
from tests.cluster.nodes import PART
from tests.cluster.region_on_cluster import Region


def test_the_day_of_the_scenario_holds(region: Region) -> None:
    command = [sys.executable, "-m", "bp_node", "scenario", "--state", str(region.state), "--json"]
    played = subprocess.run(command, capture_output=True, text=True, check=False)
    (FIGURES.parent / "cluster-scenario.jsonl").write_text(played.stdout + played.stderr)
    assert played.returncode == 0, played.stdout + played.stderr
    region.figures["scenario"] = json.loads(played.stdout.splitlines()[-1])


async def test_without_its_part_at_the_centre_a_country_goes_on_and_says_what_it_cannot(region: Region) -> None:
    everything = capability_service_pb2.ListCapabilitiesRequest(parent="countries/-")
    unread = capability_service_pb2.ListCapabilitiesRequest(parent="countries/-", page_size=7)
    own = request_service_pb2.ListRequestsRequest(parent="countries/TON")
    scaled = ("scale", "deployments", "--all", "--namespace", PART)
    async with AsyncBluePacific(region.url("ton")) as client:
        await client.sign_in("mele", region.passwords["countries/TON/officers/mele"])
        asking = client.asking(purpose=letters.INVESTIGATION)
        await asking.catalogue.capabilities.ListCapabilities(everything)
        await asyncio.to_thread(kubectl, *scaled, "--replicas=0")
        try:
            await asyncio.to_thread(until, "the part is away", lambda: not get("pods", PART))
            # What was read before is answered again; what was not cannot be.
            await asking.catalogue.capabilities.ListCapabilities(everything)
            with pytest.raises(Problem) as refused:
                await asking.catalogue.capabilities.ListCapabilities(unread)
            assert (refused.value.status, refused.value.reason) == (503, "UNAVAILABLE")
            assert refused.value.retry_after
            await asking.cooperation.requests.ListRequests(own)
        finally:
            await asyncio.to_thread(kubectl, *scaled, "--replicas=1")
            await asyncio.to_thread(until, "the part is back", lambda: is_rolled_out(PART))

        async def answered() -> bool:
            try:
                await asking.catalogue.capabilities.ListCapabilities(unread)
            except Problem as problem:
                assert problem.reason == "UNAVAILABLE"
                return False
            return True

        async with asyncio.timeout(120):
            while not await answered():  # noqa: ASYNC110 - another machine tells nobody
                await asyncio.sleep(0.2)
