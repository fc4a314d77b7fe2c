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

import grpc
import httpx2
import pytest
from google.api import httpbody_pb2

from bluepacific.common.v1 import text_pb2
from bluepacific.notifications.v1 import preference_service_pb2, preference_service_pb2_grpc
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


@asynccontextmanager
async def _open(folder: Path, *services: str) -> AsyncIterator[Place]:
    place = Place(folder)
    try:
        await asyncio.to_thread(place.plant)
        await place.start(*services)
        for officer in (ANA, BEN, TOM, LUPE):
            await place.sign_in(officer)
        yield place
    finally:
        await place.http.aclose()
        await place.node.kill()


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with _open(tmp_path, "identity", "notifications") as found:
        yield found


async def test_what_may_wait_is_done_when_the_service_is_back(place: Place) -> None:
    node = place.node
    read = await place.etag(ANA)
    await node.stop("notifications")

    # Who does not ask for it hears 503, and when to come back.
    plain = await place.prefers(ANA, "fr", read)
    assert (plain.status_code, plain.json()["reason"]) == (503, "UNAVAILABLE")
    assert int(plain.headers["retry-after"]) > 0
    # Nor may a read wait, or what would mean something else later.
    for verb, path in (("GET", f"{ANA}/notifications"), ("POST", f"{ANA}/notifications:markAllRead")):
        assert (
            await place.asks(ANA, verb, path, headers=LATER, json={} if verb == "POST" else None)
        ).status_code == 503
    # What the service would refuse whatever its records say is refused at once.
    assert (await place.prefers(ANA, "klingon", read, **LATER)).status_code == 400

    kept = await place.prefers(ANA, "fr", read, **LATER)
    assert (kept.status_code, kept.json()["state"]) == (202, WAITING)
    assert kept.headers["preference-applied"] == "respond-async"
    assert int(kept.headers["retry-after"]) > 0
    name = kept.json()["name"]
    assert kept.headers["location"] == f"/v1/{name}"
    marked = (await place.asks(ANA, "POST", f"{ANA}/{UNKNOWN}:markRead", headers=LATER, json={})).json()
    stranger = (await place.asks(BEN, "POST", f"{ANA}/{UNKNOWN}:markRead", headers=LATER, json={})).json()

    # Killed and started again where identity is away, too, it still has them, and still knows its people.
    await node.stop("identity")
    await _kill(node, "gateway")
    await place.start_gateway()
    assert [one["name"] for one in await _list(place, ANA)] == [name, marked["name"]]
    assert (await place.asks(BEN, "GET", name)).status_code == 404
    again = await place.asks(ANA, "POST", f"{ANA}/{UNKNOWN}:markRead", headers=LATER, json={})
    assert (again.status_code, again.json()["name"]) == (202, marked["name"])
    _assert_nothing_readable(place)

    await asyncio.gather(node.start("identity"), node.start("notifications"))
    assert (await place.until_ended(ANA, name))["state"] == DONE
    for officer, one in ((ANA, marked), (BEN, stranger)):
        ended = await place.until_ended(officer, one["name"])
        assert (ended["state"], ended["reason"]) == (REFUSED, "NOT_FOUND")
    preferences = (await place.asks(ANA, "GET", f"{ANA}/notificationPreferences")).json()
    assert preferences["language"] == "fr"
    (record,) = _audited(place, "UpdateNotificationPreferences")
    assert record["accept_time"].startswith(kept.json()["acceptTime"][:19])


def _assert_nothing_readable(place: Place) -> None:
    files = b"".join(one.read_bytes() for one in place.queue.glob("queue.sqlite*"))
    for secret in (place.tokens[ANA].split(".")[2], "officers/ana", "notificationPreferences", "ben"):
        assert secret.encode() not in files


async def _list(place: Place, officer: str) -> list[dict[str, Any]]:
    answer = await place.asks(officer, "GET", f"{officer}/queuedCalls")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["queuedCalls"])


async def _kill(node: NodeOfProcesses, service: str) -> None:
    process = node._processes.pop(service)
    process.kill()
    await process.wait()


def _audited(place: Place, method: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(place.node.folder / "data" / "notifications.sqlite")) as database:
        found = database.execute("select detail from audit where method like ? and outcome = 'OK'", (f"%/{method}",))
        return [json.loads(detail) for (detail,) in found]


async def test_whoever_has_left_meanwhile_is_refused(place: Place) -> None:
    read = await place.etag(BEN)
    await place.node.stop("notifications")
    name = (await place.prefers(BEN, "fr", read, **LATER)).json()["name"]
    left = await place.asks(TOM, "POST", f"{BEN}:deactivate", json={})
    assert left.status_code == 200, left.text
    await place.node.start("notifications")
    ended = await place.until_ended(BEN, name)
    assert (ended["state"], ended["reason"]) == (REFUSED, "TOKEN_EXPIRED")
    assert _audited(place, "UpdateNotificationPreferences") == []


async def test_a_lesson_that_was_finished_while_training_was_away_counts(tmp_path: Path) -> None:
    async with _open(tmp_path, "identity", "training") as place:
        clients = {who: AsyncBluePacific(place.node.url) for who in (LUPE, TOM)}
        for who, client in clients.items():
            await client.sign_in(who.rpartition("/")[2], place.passwords[who])
        course = await _published(clients[TOM])
        learner = clients[LUPE].training.enrolments
        enrolment = await learner.CreateEnrolment(
            enrolment_service_pb2.CreateEnrolmentRequest(
                parent="countries/FJI", enrolment=enrolment_pb2.Enrolment(course=course)
            )
        )
        await place.node.stop("training")
        passed = enrolment_pb2.Statement(
            statement_id=str(uuid.uuid4()), lesson_id="papers", verb=enrolment_pb2.VERB_PASSED, score=100
        )
        passed.event_time.GetCurrentTime()
        request = enrolment_service_pb2.RecordStatementsRequest(parent=enrolment.name, statements=[passed])
        with pytest.raises(Queued) as kept:
            await learner.RecordStatements(request, metadata=tuple(LATER.items()))
        await place.node.start("training")
        ended = await place.until_ended(LUPE, kept.value.call.name)
        assert ended["state"] == DONE, ended
        asked = enrolment_service_pb2.GetEnrolmentRequest(name=enrolment.name)
        found = await learner.GetEnrolment(asked)
        assert found.state == enrolment_pb2.ENROLMENT_STATE_COMPLETED
        # By the learner's clock, not by that of the centre.
        assert found.complete_time == passed.event_time
        for client in clients.values():
            await client.aclose()


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


async def test_nobody_but_the_gateway_says_that_a_call_waited(place: Place) -> None:
    asked = preference_service_pb2.UpdateNotificationPreferencesRequest()
    asked.notification_preferences.name = f"{ANA}/notificationPreferences"
    token = ("authorization", f"Bearer {place.tokens[ANA]}")
    for caller, code in (("identity", grpc.StatusCode.PERMISSION_DENIED), ("gateway", grpc.StatusCode.UNAUTHENTICATED)):
        async with place.node.channel(caller, "notifications", "people") as channel:
            stub = preference_service_pb2_grpc.PreferenceServiceStub(channel)
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                # A day and more ago: too long for anybody.
                await stub.UpdateNotificationPreferences(asked, metadata=(token, ("accepted-time", "1700000000")))
            assert refused.value.code() == code
    # And what a client says of it is not passed on.
    answer = await place.prefers(ANA, "es", await place.etag(ANA), **{"accepted-time": "1700000000"})
    assert answer.status_code == 200
