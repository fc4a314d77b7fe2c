"""A real node in a folder of its own, for tests of what an operator does with it."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bluepacific.cooperation.v1 import directory_service_pb2, request_service_pb2
from bluepacific.exchange.v1 import topic_service_pb2
from bp_client import AsyncBluePacific
from bp_node import folder, planting
from bp_node.embedded import run_node
from bp_node.enrolling import make_keys
from bp_node.region.plan import NODES
from bp_node.scenario import letters
from bp_node.settings import checked, load, save

PASSPHRASE = "correct horse battery staple"
COLLEAGUES = "countries/FJI/units/tcu"
_DELIVERED = topic_service_pb2.DELIVERY_STATE_DELIVERED


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def make_node(place: Path, **values):
    """Makes a node as `node init` does."""
    port = free_port()
    settings = checked(
        place,
        {
            "node_id": "fji",
            "country": "FJI",
            "port": port,
            "public_url": f"http://127.0.0.1:{port}",
            "smtp_port": free_port(),
            **values,
        },
    )
    folder.make(place)
    make_keys(settings)
    save(settings)
    return settings


def write_private(file: Path, text: str):
    file.touch(0o600)
    file.write_text(text)
    return file


@dataclass
class Household:
    """Fiji's node with its people."""

    place: Path
    passwords: dict[str, str]

    @asynccontextmanager
    async def running(self, place: Path | None = None):
        """Runs the node, or the one restored elsewhere, and gives Ana, signed in."""
        async with run_node(load(place or self.place)) as node, AsyncBluePacific(node.url) as client:
            await client.sign_in("ana", self.passwords["countries/FJI/officers/ana"])
            ana = client.asking(purpose=letters.INVESTIGATION)
            await knows_colleagues(ana)
            yield ana


def make_household(tmp_path: Path):
    place = tmp_path / "fji"
    make_node(place)
    people, passwords = tmp_path / "people.json", tmp_path / "passwords.json"
    people.write_text(json.dumps(next(node.people for node in NODES if node.node_id == "fji")))
    planting.plant(place, people, passwords, as_json=True)
    return Household(place, json.loads(passwords.read_text()))


async def knows_colleagues(ana):
    """Waits until what identity told of the country's units has arrived."""
    asked = directory_service_pb2.ListAddresseesRequest(parent="countries/-", page_size=100)
    async with asyncio.timeout(60):
        while True:
            known = await ana.cooperation.directories.ListAddressees(asked)
            if COLLEAGUES in {one.unit for one in known.addressees}:
                return
            await asyncio.sleep(0.05)


async def ask_colleagues(ana, title, content):
    """Sends a request with a file to another unit of the country, and returns its name once that was answered."""
    request = await ana.cooperation.requests.CreateRequest(
        request_service_pb2.CreateRequestRequest(
            parent="countries/FJI", request=letters.draft(title, [COLLEAGUES], text="Seen at dawn?")
        )
    )
    await letters.attach(ana, request.name, "photo.tiff", content)
    await ana.cooperation.requests.SendRequest(request_service_pb2.SendRequestRequest(name=request.name))
    return request.name


async def delivered(ana, name):
    """Waits until a sent request has taken effect at every recipient, and returns it."""
    async with asyncio.timeout(60):
        while True:
            request = await letters.read(ana, name)
            if letters.reached(request, _DELIVERED):
                return request
            await asyncio.sleep(0.05)
