"""Fiji's node is lost with its namespace, and restored from a backup into another: nothing acknowledged is lost, nothing doubled.

Last, since the node that was there is gone afterwards.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from pathlib import Path

from bluepacific.exchange.v1 import topic_service_pb2
from bp_client import AsyncBluePacific, Problem
from bp_node.scenario import letters
from bp_node.scenario.outage import Letter
from tests.cluster import surroundings
from tests.cluster.kube import kubectl
from tests.cluster.nodes import CENTRE, RESTORED, RESTORED_PORT
from tests.cluster.operating import cluster, refused
from tests.cluster.reaching import reached
from tests.cluster.region_on_cluster import Region

_DELIVERED = topic_service_pb2.DELIVERY_STATE_DELIVERED
_EACH = 5
_SECONDS = 240


async def _send(client: AsyncBluePacific, country: str, titles: list[str], recipient: str) -> list[Letter]:
    sent = [Letter(client, country, title, [recipient]) for title in titles]
    await asyncio.gather(*(one.send() for one in sent))
    return sent


async def _arrived(client: AsyncBluePacific, sent: list[Letter]) -> None:
    """Returns when the recipient's node has acknowledged all of them."""
    async with asyncio.timeout(_SECONDS):
        for one in sent:
            while not letters.reached(await letters.read(client, one.name), _DELIVERED):  # noqa: ASYNC110 - another node tells nobody
                await asyncio.sleep(0.5)


async def _seen(client: AsyncBluePacific, mark: str, wanted: set[str]) -> Counter[str]:
    """Returns how often each title is there, once all are."""
    async with asyncio.timeout(_SECONDS):
        while True:
            found = Counter(one.title for one in await letters.find(client, mark))
            if wanted <= set(found):
                return found
            await asyncio.sleep(1)


async def _signed_in(client: AsyncBluePacific, name: str, password: str) -> AsyncBluePacific:
    async with asyncio.timeout(_SECONDS):
        while True:
            try:
                await client.sign_in(name, password)
            except Problem as problem:
                assert problem.reason == "UNAVAILABLE", problem
                await asyncio.sleep(0.5)
            else:
                return client.asking(purpose=letters.INVESTIGATION)


async def test_a_backup_is_restored_in_a_new_namespace_and_nothing_is_lost(region: Region, tmp_path: Path) -> None:
    archive, mark = tmp_path / "fji.bpb", secrets.token_hex(4)
    early = [f"before {mark} {number}" for number in range(_EACH)]
    late = [f"after {mark} {number}" for number in range(_EACH)]
    own = [f"of Fiji {mark} {number}" for number in range(_EACH)]
    async with AsyncBluePacific(region.url(CENTRE)) as at_centre, AsyncBluePacific(region.url("fji")) as at_fiji:
        lagi = await _signed_in(at_centre, "lagi", region.passwords["countries/WSM/officers/lagi"])
        ana = await _signed_in(at_fiji, "ana", region.passwords["countries/FJI/officers/ana"])
        await _arrived(lagi, await _send(lagi, "WSM", early, letters.SUVA))
        await _arrived(ana, await _send(ana, "FJI", own, letters.APIA))
        begun = time.monotonic()
        saved = await asyncio.to_thread(cluster, "backup", "--to", str(archive))
        region.figures["backup"] = {"seconds": round(time.monotonic() - begun, 1), "bytes": saved["bytes"]}
        assert (await asyncio.to_thread(cluster, "status"))["backups"]["hours"] == 0
        # Acknowledged by the node that is about to be lost, and in no backup.
        await _arrived(lagi, await _send(lagi, "WSM", late, letters.SUVA))
        await asyncio.to_thread(kubectl, "delete", "namespace", "fji", "--timeout=300s")

        await asyncio.to_thread(_prepare)
        values = {"global": {"node": {"publicUrl": f"http://127.0.0.1:{RESTORED_PORT}"}}}
        told = (str(archive), str(region.chart), *region.files("fji", values))
        begun = time.monotonic()
        restored = await asyncio.to_thread(lambda: cluster("restore", *told, where=RESTORED))
        region.figures["restore"] = {"seconds": round(time.monotonic() - begun, 1)}
        assert restored["incarnation"]
        assert "is installed" in await asyncio.to_thread(lambda: refused("restore", *told, where=RESTORED))
        with reached(RESTORED, RESTORED_PORT):
            async with AsyncBluePacific(f"http://127.0.0.1:{RESTORED_PORT}") as again:
                ana = await _signed_in(again, "ana", region.passwords["countries/FJI/officers/ana"])
                seen = await _seen(ana, mark, {*early, *late, *own})
        at_lagi = await _seen(lagi, mark, {*early, *late, *own})
    region.figures["restored"] = {"lost": 0, "doubled": sum(one > 1 for one in (*seen.values(), *at_lagi.values()))}
    assert set(seen.values()) == {1}
    assert set(at_lagi.values()) == {1}


def _prepare() -> None:
    surroundings.namespace(RESTORED)
    surroundings.passphrase(RESTORED)
