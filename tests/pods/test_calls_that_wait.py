"""A service cannot be reached: what may wait is kept by the gateway and done once it is back, with the rights of then; else 503."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from google.api import httpbody_pb2

from bluepacific.common.v1 import text_pb2
from bluepacific.training.v1 import (
    course_pb2,
    course_service_pb2,
    enrolment_pb2,
    enrolment_service_pb2,
    package_service_pb2,
)
from bp_client import AsyncBluePacific, Queued
from bp_node import folder as node_folder
from bp_node.planting import plant
from bp_node.scenario import materials
from bp_node.settings import checked, save
from tests.pods.node_of_processes import NodeOfProcesses

ANA, BEN, TOM, LUPE = (f"countries/FJI/officers/{name}" for name in ("ana", "ben", "tom", "lupe"))
PEOPLE = {
    "units": [{"id": "ncb", "displayName": "NCB Suva", "kind": "NCB"}],
    "officers": [
        {
            "id": name,
            "givenName": name.title(),
            "familyName": "Ratu",
            "email": f"{name}@police.fj.example",
            "roles": [f"{role}@ncb" for role in roles],
        }
        for name, *roles in (
            ("ana", "officer"),
            ("ben", "officer"),
            ("tom", "administrator", "course_manager"),
            ("lupe", "learner"),
        )
    ],
}
LATER = {"prefer": "respond-async"}
UNKNOWN = f"notifications/{uuid.UUID(int=1)}"
WAITING, DONE, REFUSED = (f"QUEUED_CALL_STATE_{state}" for state in ("WAITING", "DONE", "REFUSED"))


class Place:
    """A node whose gateway has a queue, and people at its door."""

    def __init__(self, folder: Path) -> None:
        self.node = NodeOfProcesses(folder)
        self.http = httpx2.AsyncClient(base_url=self.node.url, timeout=90)
        self.queue = folder / "queue"
        self.tokens: dict[str, str] = {}
        self.passwords: dict[str, str] = {}

    def plant(self) -> None:
        folder = self.node.folder
        values = {"node_id": "fji", "country": "FJI", "countries": ["FJI"], "public_url": self.node.url}
        settings = checked(folder, values)
        node_folder.make(settings.folder)
        save(settings)
        wanted, passwords = folder / "people.json", folder / "passwords.json"
        wanted.write_text(json.dumps(PEOPLE))
        plant(folder, wanted, passwords, as_json=True)
        self.passwords = json.loads(passwords.read_text())

    async def start(self, *services: str) -> None:
        for service in services:
            code, said = await self.node.run(service, "migrate")
            assert code == 0, said
        await asyncio.gather(*(self.node.start(service) for service in services), self.start_gateway())

    async def start_gateway(self, **changed: str) -> None:
        told = {"BP_GATEWAY__QUEUE_DIR": str(self.queue), "BP_GATEWAY__QUEUE_PAUSE_SECONDS": "0.2"}
        await self.node.start("gateway", **told, **changed)

    async def sign_in(self, officer: str) -> None:
        asked = {"username": officer.rpartition("/")[2], "password": self.passwords[officer]}
        answer = await self.http.post("/v1/sessions:signIn", json=asked)
        assert answer.status_code == 200, answer.text
        self.tokens[officer] = answer.json()["accessToken"]

    async def asks(self, officer: str, verb: str, path: str, **options: Any) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.tokens[officer]}", **options.pop("headers", {})}
        return await self.http.request(verb, f"/v1/{path}", headers=headers, **options)

    @asynccontextmanager
    async def client(self, officer: str) -> AsyncIterator[AsyncBluePacific]:
        async with AsyncBluePacific(self.node.url) as client:
            await client.sign_in(officer.rpartition("/")[2], self.passwords[officer])
            yield client

    async def etag(self, officer: str) -> str:
        answer = await self.asks(officer, "GET", f"{officer}/notificationPreferences")
        return str(answer.json()["etag"])

    async def prefers(self, officer: str, language: str, etag: str, **headers: str) -> httpx2.Response:
        wanted = {"language": language, "etag": etag}
        path = f"{officer}/notificationPreferences?requestId={uuid.uuid4()}"
        return await self.asks(officer, "PATCH", path, json=wanted, headers=headers)

    async def until_ended(self, officer: str, name: str) -> dict[str, Any]:
        async with asyncio.timeout(120):
            while True:
                found = (await self.asks(officer, "GET", name)).json()
                if found["state"] != WAITING:
                    return dict(found)
                await asyncio.sleep(0.1)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    place = Place(tmp_path)
    try:
        await asyncio.to_thread(place.plant)
        await place.start("identity", "notifications", "training")
        for officer in (ANA, BEN, TOM, LUPE):
            await place.sign_in(officer)
        yield place
    finally:
        await place.http.aclose()
        await place.node.kill()


async def test_what_may_wait_is_done_when_the_services_are_back(place: Place) -> None:
    node = place.node
    enrolment = await _enrolled(place)
    etags = {officer: await place.etag(officer) for officer in (ANA, BEN)}
    await asyncio.gather(node.stop("notifications"), node.stop("training"))

    # Who does not ask for it hears 503, and when to come back.
    plain = await place.prefers(ANA, "fr", etags[ANA])
    assert (plain.status_code, plain.json()["reason"]) == (503, "UNAVAILABLE")
    assert int(plain.headers["retry-after"]) > 0
    # Nor may a read wait, or what would mean something else later.
    for verb, path in (("GET", f"{ANA}/notifications"), ("POST", f"{ANA}/notifications:markAllRead")):
        content = {} if verb == "GET" else {"json": {}}
        assert (await place.asks(ANA, verb, path, headers=LATER, **content)).status_code == 503
    # What the service would refuse whatever its records say is refused at once.
    assert (await place.prefers(ANA, "klingon", etags[ANA], **LATER)).status_code == 400

    kept = await place.prefers(ANA, "fr", etags[ANA], **LATER)
    assert (kept.status_code, kept.json()["state"]) == (202, WAITING)
    assert kept.headers["preference-applied"] == "respond-async"
    assert int(kept.headers["retry-after"]) > 0
    name = kept.json()["name"]
    assert kept.headers["location"] == f"/v1/{name}"
    marked = (await place.asks(ANA, "POST", f"{ANA}/{UNKNOWN}:markRead", headers=LATER, json={})).json()
    of_ben = (await place.prefers(BEN, "fr", etags[BEN], **LATER)).json()
    passed, lesson = await _passed(place, enrolment)

    # Killed and started again where identity is away, too, it still has them, and still knows its people.
    await node.stop("identity")
    await node.kill_one("gateway")
    await place.start_gateway()
    assert [one["name"] for one in await _list(place, ANA)] == [name, marked["name"]]
    assert (await place.asks(BEN, "GET", name)).status_code == 404
    again = await place.asks(ANA, "POST", f"{ANA}/{UNKNOWN}:markRead", headers=LATER, json={})
    assert (again.status_code, again.json()["name"]) == (202, marked["name"])
    _assert_nothing_readable(place)

    await node.start("identity")
    left = await place.asks(TOM, "POST", f"{BEN}:deactivate", json={})
    assert left.status_code == 200, left.text
    await asyncio.gather(node.start("notifications"), node.start("training"))
    assert (await place.until_ended(ANA, name))["state"] == DONE
    for officer, one, reason in ((ANA, marked, "NOT_FOUND"), (BEN, of_ben, "TOKEN_EXPIRED")):
        ended = await place.until_ended(officer, one["name"])
        assert (ended["state"], ended["reason"]) == (REFUSED, reason)
    preferences = (await place.asks(ANA, "GET", f"{ANA}/notificationPreferences")).json()
    assert preferences["language"] == "fr"
    # Of Ben's there is none.
    (record,) = _audited(place, "UpdateNotificationPreferences")
    assert record["accept_time"].startswith(kept.json()["acceptTime"][:19])
    assert (await place.until_ended(LUPE, lesson))["state"] == DONE
    await _assert_completed(place, enrolment, passed)


async def _enrolled(place: Place) -> str:
    """Publishes a course, enrols Lupe in it, and returns the enrolment's name."""
    async with place.client(TOM) as manager:
        course = await _published(manager)
    async with place.client(LUPE) as learner:
        wanted = enrolment_pb2.Enrolment(course=course)
        request = enrolment_service_pb2.CreateEnrolmentRequest(parent="countries/FJI", enrolment=wanted)
        return str((await learner.training.enrolments.CreateEnrolment(request)).name)


async def _published(manager: AsyncBluePacific) -> str:
    courses = manager.training.courses
    title = text_pb2.LocalizedText(texts={"en": "Vessel identity"})
    course = await courses.CreateCourse(
        course_service_pb2.CreateCourseRequest(
            parent="countries/FJI", course=course_pb2.Course(title=title), course_id="vessel-identity"
        )
    )
    content = httpbody_pb2.HttpBody(content_type="application/zip", data=materials.scorm_package("Vessel identity"))
    upload = package_service_pb2.UploadPackageRequest(parent=course.name, content=content)
    package = await manager.training.packages.UploadPackage(iter([upload]))
    await courses.PublishCourse(course_service_pb2.PublishCourseRequest(name=course.name, package=package.name))
    return str(course.name)


async def _passed(place: Place, enrolment: str) -> tuple[enrolment_pb2.Statement, str]:
    """Lupe passes the lesson while training is away; returns what happened, and the name of what waits."""
    passed = enrolment_pb2.Statement(
        statement_id=str(uuid.uuid4()), lesson_id="papers", verb=enrolment_pb2.VERB_PASSED, score=100
    )
    passed.event_time.GetCurrentTime()
    request = enrolment_service_pb2.RecordStatementsRequest(parent=enrolment, statements=[passed])
    async with place.client(LUPE) as learner:
        with pytest.raises(Queued) as kept:
            await learner.training.enrolments.RecordStatements(request, metadata=tuple(LATER.items()))
    return passed, kept.value.call.name


async def _assert_completed(place: Place, enrolment: str, passed: enrolment_pb2.Statement) -> None:
    async with place.client(LUPE) as learner:
        asked = enrolment_service_pb2.GetEnrolmentRequest(name=enrolment)
        found = await learner.training.enrolments.GetEnrolment(asked)
    assert found.state == enrolment_pb2.ENROLMENT_STATE_COMPLETED
    # By the learner's clock, not by that of the centre.
    assert found.complete_time == passed.event_time


def _assert_nothing_readable(place: Place) -> None:
    files = b"".join(one.read_bytes() for one in place.queue.glob("queue.sqlite*"))
    for secret in (place.tokens[ANA].split(".")[2], "officers/ana", "notificationPreferences", "ben"):
        assert secret.encode() not in files


async def _list(place: Place, officer: str) -> list[dict[str, Any]]:
    answer = await place.asks(officer, "GET", f"{officer}/queuedCalls")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["queuedCalls"])


def _audited(place: Place, method: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(place.node.folder / "data" / "notifications.sqlite")) as database:
        found = database.execute("select detail from audit where method like ? and outcome = 'OK'", (f"%/{method}",))
        return [json.loads(detail) for (detail,) in found]
