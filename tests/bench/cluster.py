"""What a node costs on Kubernetes: memory and CPU of an idle country, seconds until ready, calls a second through 1, 2 and 4 gateways.

    KUBECONFIG=… make bench-cluster [ARGS="--seconds N"]

Measures the region that `make cluster-test` has left on the cluster, and a country-small that it installs and deletes. Memory is what the
pods have for themselves (private pages); the program's own pages are there once for all. Caller and node share the machine's cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tools.build_charts import build

from bluepacific.cooperation.v1 import request_service_pb2
from bp_client import AsyncBluePacific
from bp_node.scenario import letters
from tests.cluster import surroundings
from tests.cluster.kube import get, is_rolled_out, kubectl, python_in, until
from tests.cluster.nodes import CENTRE, HOME, RELEASE, RESTORED, ClusterNode
from tests.cluster.region_on_cluster import Region

_COUNTRY = "fji"
_CALLERS = 16
_READ = """
import json, os, re
rollup = open("/proc/1/smaps_rollup").read()
private = sum(int(one) for one in re.findall(r"Private_\\w+:\\s+(\\d+)", rollup))
used = sum(int(one) for one in open("/proc/1/stat").read().rpartition(")")[2].split()[11:13])
print(json.dumps({"kib": private, "seconds": used / os.sysconf("SC_CLK_TCK")}))
"""


def main() -> None:
    """Measures, and writes the figures."""
    options = argparse.ArgumentParser(description="What a node costs on Kubernetes.")
    options.add_argument("--seconds", type=int, default=30, help="How long each thing is looked at.")
    options.add_argument("--json", type=Path, help="Write the figures here, too.")
    chosen = options.parse_args()
    rows = [_ready(), *_idle(chosen.seconds), *_through(chosen.seconds)]
    for row in rows:
        print(f"{row['name']}: {row['median']:.3g} {row['unit']}")
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _row(name: str, unit: str, *figures: float) -> dict[str, Any]:
    return {"name": name, "unit": unit, "min": min(figures), "median": statistics.median(figures), "max": max(figures)}


def _ready() -> dict[str, Any]:
    """Installs a country's node in a namespace of its own, waits until all is ready, and deletes it."""
    where = "bench"
    with tempfile.TemporaryDirectory() as folder:
        region = Region(Path(folder), build(Path(folder) / "charts"), {_COUNTRY: ClusterNode(_COUNTRY)})
        surroundings.namespace(where)
        try:
            begun = time.monotonic()
            region.deploy(_COUNTRY, where=where)
            seconds = time.monotonic() - begun
        finally:
            kubectl("delete", "namespace", where)
    return _row("helm install of country-small until ready", "s", seconds)


def _idle(seconds: int) -> list[dict[str, Any]]:
    # The whole test leaves Fiji where it restored it.
    where = next(one for one in (RESTORED, _COUNTRY) if _pods(one))
    before = _read_all(where)
    time.sleep(seconds)
    after = _read_all(where)
    rows = [_row(f"idle country: memory of {name}", "MiB", one["kib"] / 1024) for name, one in sorted(after.items())]
    used = sum(after[name]["seconds"] - before[name]["seconds"] for name in after)
    total = sum(one["kib"] for one in after.values()) / 1024
    return [
        *rows,
        _row("idle country: memory of all pods", "MiB", total),
        _row("idle country: CPU of all pods, of one core", "%", 100 * used / seconds),
    ]


def _pods(where: str) -> list[dict[str, Any]]:
    return get("pods", where, "-l", "bluepacific/serves=true")


def _read_all(where: str) -> dict[str, dict[str, float]]:
    return {
        one["metadata"]["labels"]["app.kubernetes.io/component"]: json.loads(
            python_in(where, one["metadata"]["name"], _READ)
        )
        for one in _pods(where)
    }


def _through(seconds: int) -> list[dict[str, Any]]:
    """Has people of the centre read their lists, through one gateway, two, and four."""
    rows = []
    scale = ("scale", f"deployment/{RELEASE}-gateway", "--namespace", CENTRE)
    try:
        for count in (1, 2, 4):
            kubectl(*scale, f"--replicas={count}")
            until("the gateways are there", lambda: is_rolled_out(CENTRE))
            rows.append(_row(f"calls through {count} gateways", "1/s", asyncio.run(_calls(seconds))))
    finally:
        kubectl(*scale, "--replicas=2")
    return rows


async def _calls(seconds: int) -> float:
    address = get(f"service/{RELEASE}-gateway", CENTRE)[0]["spec"]["clusterIP"]
    read = f"import pathlib; print(pathlib.Path('{HOME}/passwords.json').read_text())"
    password = json.loads(python_in(CENTRE, f"deploy/{RELEASE}-identity", read))["countries/WSM/officers/lagi"]
    wanted = request_service_pb2.ListRequestsRequest(parent="countries/WSM", page_size=1)
    done, end = 0, time.monotonic() + seconds

    async def call() -> None:
        # Each with a connection of its own: the cluster spreads connections, not calls.
        nonlocal done
        async with AsyncBluePacific(f"http://{address}") as client:
            await client.sign_in("lagi", password)
            asking = client.asking(purpose=letters.INVESTIGATION)
            while time.monotonic() < end:
                await asking.cooperation.requests.ListRequests(wanted)
                done += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(_CALLERS):
            group.create_task(call())
    return done / seconds


if __name__ == "__main__":
    main()
