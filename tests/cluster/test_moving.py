"""Tonga's training goes to the node's part at the centre and back, while a course manager works with it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from typing import Any

from google.api import httpbody_pb2

from bluepacific.common.v1 import text_pb2
from bluepacific.training.v1 import course_pb2, course_service_pb2, package_pb2, package_service_pb2
from bp_client import AsyncBluePacific
from bp_node.scenario import materials
from tests.cluster.desks import COURSES
from tests.cluster.kube import is_rolled_out, kubectl, until
from tests.cluster.nodes import MOVES, PART, RELEASE
from tests.cluster.region_on_cluster import Region
from tests.cluster.traffic import working

_WORKLOAD = f"deployment/{RELEASE}-{MOVES}"


async def test_a_service_goes_to_the_centre_and_back(region: Region) -> None:
    async with working(region, "moved", COURSES) as traffic:
        package = await _uploaded(traffic.client)
        await _goes(region, "ton", "central")
        await traffic.go_on()
        # Nobody needs the pod that it left.
        await asyncio.to_thread(kubectl, "scale", _WORKLOAD, "--replicas=0", namespace="ton")
        await traffic.go_on()
        assert await _digest(traffic.client, package) == package.name.rpartition("/")[2]
        await asyncio.to_thread(kubectl, "scale", _WORKLOAD, "--replicas=1", namespace="ton")
        await asyncio.to_thread(until, "the pod at home is back", lambda: is_rolled_out("ton"))

        await _goes(region, PART, "local")
        await traffic.go_on()
        await asyncio.to_thread(kubectl, "scale", _WORKLOAD, "--replicas=0", namespace=PART)
        await traffic.go_on()
        assert await _digest(traffic.client, package) == package.name.rpartition("/")[2]
        await asyncio.to_thread(kubectl, "scale", _WORKLOAD, "--replicas=1", namespace=PART)
    # Nothing but the moment of the switch is felt.
    assert set(traffic.retried) <= {"UNAVAILABLE", "STANDS_ELSEWHERE"}


async def _goes(region: Region, where: str, to: str) -> None:
    begun = time.monotonic()
    mover = (
        "exec",
        _WORKLOAD,
        "-c",
        MOVES,
        "--",
        "python",
        "-m",
        "bp_node",
        "node",
        "move",
        MOVES,
        "--to",
        to,
        "--json",
    )
    said = await asyncio.to_thread(kubectl, *mover, namespace=where)
    events: dict[str, Any] = {one["event"]: one for one in map(json.loads, said.splitlines())}
    assert "left" in events
    done = events["done"]
    assert done["tables"]["course"]
    region.figures[f"moved to {to}"] = {
        "seconds": round(time.monotonic() - begun, 1),
        "rows": sum(done["tables"].values()),
        "rowsSent": done["rowsSent"],
        "filesSent": done["filesSent"],
    }


async def _uploaded(client: AsyncBluePacific) -> package_pb2.Package:
    """Returns the package of a course that is as new as it."""
    title = f"Boarding {secrets.token_hex(3)}"
    course = course_pb2.Course(title=text_pb2.LocalizedText(texts={"en": title}))
    wanted = course_service_pb2.CreateCourseRequest(parent="countries/TON", course=course)
    name = (await client.training.courses.CreateCourse(wanted)).name

    def messages() -> Iterator[package_service_pb2.UploadPackageRequest]:
        for number, piece in enumerate(materials.pieces(materials.scorm_package(title))):
            content = httpbody_pb2.HttpBody(content_type="" if number else "application/zip", data=piece)
            yield package_service_pb2.UploadPackageRequest(parent="" if number else name, content=content)

    return await client.training.packages.UploadPackage(messages())


async def _digest(client: AsyncBluePacific, package: package_pb2.Package) -> str:
    digest = hashlib.sha256()
    asked = package_service_pb2.DownloadPackageRequest(name=package.name)
    async for piece in client.training.packages.DownloadPackage(asked):
        digest.update(piece.data)
    return digest.hexdigest()
