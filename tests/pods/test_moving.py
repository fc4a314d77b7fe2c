"""A service goes to its other place and back while people work: nothing that was acknowledged is lost, and nothing is there twice."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bluepacific.identity.v1 import unit_pb2, unit_service_pb2
from bp_client import AsyncBluePacific
from bp_client.problem import Problem
from bp_kit.testing import postgres
from bp_node import folder as node_folder
from bp_node.planting import plant
from bp_node.settings import checked, save
from tests.pods.two_places import TwoPlaces

PEOPLE = {
    "units": [{"id": "ncb", "displayName": "NCB Suva", "kind": "NCB"}],
    "officers": [
        {
            "id": "ana",
            "givenName": "Ana",
            "familyName": "Ratu",
            "email": "ana@police.fj.example",
            "roles": ["administrator@ncb"],
        }
    ],
}
# The mover is killed at the first of these; `make moves` kills it at each in turn.
EVENTS = ["left", "carrying", "table", "carried", "closing", "verified"]
_ALL = os.environ.get("BP_KILL_POINTS") == "all"


class Clerk:
    """Creates units one after the other, each until it is acknowledged.

    Args:
        client: Of an administrator, signed in.
    """

    def __init__(self, client: AsyncBluePacific) -> None:
        self._client = client
        self.acknowledged: list[str] = []
        self._more = asyncio.Event()
        self.refused: set[str] = set()

    async def work(self) -> None:
        while True:
            await self.create()

    async def create(self) -> None:
        """Creates the next unit; a repeat of one whose answer was lost finds it there."""
        wanted = f"t-{len(self.acknowledged)}"
        request = unit_service_pb2.CreateUnitRequest(
            parent="countries/FJI",
            unit_id=wanted,
            unit=unit_pb2.Unit(display_name=wanted, kind=unit_pb2.UNIT_KIND_NCB),
        )
        try:
            await self._client.identity.units.CreateUnit(request)
        except Problem as problem:
            self.refused.add(problem.reason)
            if problem.reason != "ALREADY_EXISTS":
                await asyncio.sleep(0.05)
                return
        self.acknowledged.append(wanted)
        self._more.set()

    async def do_more(self) -> None:
        """Returns when some more are acknowledged than now."""
        for _ in range(3):
            self._more.clear()
            async with asyncio.timeout(120):
                await self._more.wait()

    async def listed(self) -> list[str]:
        """Returns the units that there are."""
        found, token = [], ""
        while True:
            request = unit_service_pb2.ListUnitsRequest(parent="countries/FJI", page_size=100, page_token=token)
            answer = await self._client.identity.units.ListUnits(request)
            found += [one.name.rpartition("/")[2] for one in answer.units]
            token = answer.next_page_token
            if not token:
                return sorted(one for one in found if one.startswith("t-"))


@pytest.fixture
async def places(tmp_path: Path) -> AsyncIterator[TwoPlaces]:
    name = postgres.new_database()
    made = TwoPlaces(tmp_path, "identity", postgres.url_of(name))
    try:
        yield made
    finally:
        await made.kill()
        postgres.drop_database(name)


def _planted(places: TwoPlaces) -> str:
    """Sets Ana up at the service's first place, and returns her password."""
    node = places.local
    settings = checked(node.folder, {"node_id": "fji", "country": "FJI", "countries": ["FJI"], "public_url": node.url})
    node_folder.make(settings.folder)
    save(settings)
    wanted, passwords = node.folder / "people.json", node.folder / "passwords.json"
    wanted.write_text(json.dumps(PEOPLE))
    plant(node.folder, wanted, passwords, as_json=True)
    return str(json.loads(passwords.read_text())["countries/FJI/officers/ana"])


@pytest.mark.parametrize("event", EVENTS if _ALL else EVENTS[:1])
async def test_it_goes_there_and_back_though_the_mover_is_killed(places: TwoPlaces, event: str) -> None:
    password = await asyncio.to_thread(_planted, places)
    await places.start()
    async with AsyncBluePacific(places.local.url) as client:
        await client.sign_in("ana", password)
        clerk = Clerk(client)
        await clerk.create()
        working = asyncio.create_task(clerk.work())

        killed, events, _ = await places.move("central", kill_at=event)
        assert killed < 0
        code, events, said = await places.move("central")
        assert code == 0, said
        assert events[-1]["event"] in ("done", "moved")
        await clerk.do_more()

        code, events, said = await places.move("local")
        assert code == 0, said
        assert next(one for one in events if one["event"] == "verified")["tables"]["officer"] == 1
        await clerk.do_more()
        working.cancel()
        await asyncio.wait((working,))

        assert set(clerk.acknowledged) <= set(await clerk.listed())
        assert clerk.refused <= {"UNAVAILABLE", "STANDS_ELSEWHERE", "ALREADY_EXISTS"}
    with closing(sqlite3.connect(places.local.folder / "data" / "identity.sqlite")) as database:
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.skipif(not _ALL, reason="takes several movers: `make moves`")
async def test_it_is_refused_where_it_makes_no_sense_and_taken_back_before_it_arrived(places: TwoPlaces) -> None:
    password = await asyncio.to_thread(_planted, places)
    await places.start()

    code, events, _ = await places.move("central", "--dry-run")
    assert (code, [one["event"] for one in events]) == (0, ["outlook"])
    code, _, said = await places.move("central", "--back")
    assert (code, "no move of identity" in said) == (1, True)
    # At the centre there is nothing yet.
    code, _, said = await places.move("local")
    assert (code, "does not stand here" in said) == (1, True)

    killed, _, _ = await places.move("central", kill_at="left")
    assert killed < 0
    async with AsyncBluePacific(places.local.url) as client:
        with pytest.raises(Problem) as refused:
            await client.sign_in("ana", password)
        assert (refused.value.status, refused.value.reason) == (503, "STANDS_ELSEWHERE")
        code, _, said = await places.move("central", "--back")
        assert code == 0, said
        async with asyncio.timeout(120):
            while True:
                try:
                    await client.sign_in("ana", password)
                except Problem:
                    await asyncio.sleep(0.1)
                else:
                    break
