"""A node in one process measures what its services do, for a collector."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from bp_kit.measures import DISK_FREE, OUTBOX_AGE, PROOF_GAP
from bp_node import folder as node_folder
from bp_node.settings import checked, save
from tests.pods.collector import collecting
from tests.pods.node_of_processes import SERVICES, free_ports


async def test_a_node_in_one_process_sends_what_all_its_services_measure(tmp_path: Path) -> None:
    values = {"node_id": "fji", "country": "FJI", "countries": ["FJI"], "port": free_ports(1)[0]}
    async with collecting() as collector:
        settings = checked(tmp_path / "node", {**values, "otlp_endpoint": collector.url})
        node_folder.make(settings.folder)
        save(settings)
        node = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bp_node", "node", "up", "--dir", str(settings.folder)),
            env={**os.environ, "OTEL_METRIC_EXPORT_INTERVAL": "200"},
        )
        try:
            async with asyncio.timeout(180):
                await collector.until(lambda: {DISK_FREE.name, PROOF_GAP.name} <= collector.points.keys())
                await collector.until(lambda: collector.services_of(OUTBOX_AGE.name) == set(SERVICES))
        finally:
            node.terminate()
            assert await node.wait() == 0
