"""Calls that wait for a service: in order, once, within limits and time, and refused where the service would refuse them.

The service is reached over mutual TLS, as between pods: by no other way does it believe that a call waited.
"""

import asyncio
import base64
import hashlib
import json
import os
import sqlite3
import time
import uuid
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from bp_library.app import LibrarySettings, book_pb2, book_pb2_grpc, build
from bp_library.protos import DESCRIPTORS
from bp_library.serving import BOOKS, connected
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from joserfc import jws
from joserfc.jwk import ECKey

from bp_gateway.app import build_app
from bp_gateway.queue.letters import Letter, LetterBox
from bp_gateway.queue.opening import open_queue
from bp_gateway.settings import GatewaySettings
from bp_gateway.surface import packaged_descriptors
from bp_kit.alone.certificates import read_certificates
from bp_kit.ports import system_clock
from bp_kit.rpc.client import open_channel
from bp_kit.rpc.registry import handlers_of
from bp_kit.rpc.server import start_server
from bp_kit.rpc.waited import ACCEPTED, sealed_time
from bp_kit.sealing import Sealer
from bp_kit.testing import tokens
from bp_kit.testing.certificates import NodeAuthority
from bp_kit.testing.tokens import ISSUER, make_token

ANA, BEN = "countries/FJI/officers/ana", "countries/FJI/officers/ben"
LATER = {"prefer": "wait=5, respond-async"}
KEY = os.urandom(32)
_WAITING, _DONE, _REFUSED, _EXPIRED = (
    f"QUEUED_CALL_STATE_{state}" for state in ("WAITING", "DONE", "REFUSED", "EXPIRED")
)


def _described():
    """The library's protos, and the gateway's own."""
    found = FileDescriptorSet.FromString(DESCRIPTORS)
    ours = FileDescriptorSet.FromString(packaged_descriptors())
    found.file.extend(one for one in ours.file if one.package == "bluepacific.queue.v1")
    return found.SerializeToString()


class Clock:
    """The service's; may be ahead of the gateway's."""

    def __init__(self):
        self.ahead = timedelta(0)

    def __call__(self):
        return system_clock() + self.ahead


class Stand:
    """A gateway with a queue, and a library that can be away."""

    def __init__(self, under_test, folder, clock):
        self.under_test, self.folder, self.clock = under_test, folder, clock
        authority = NodeAuthority()
        self._certificates = {
            name: read_certificates(authority.issue(name, folder)) for name in ("library", "gateway", "stranger")
        }
        self._channel = None
        self._server = None
        self.http = None

    async def arrive(self, caller="gateway"):
        """The library is there, and the gateway shows the certificate of `caller`."""
        self._server, port = await start_server(
            handlers_of(self.under_test.service, self.under_test.seams, from_node=False),
            "localhost:0",
            self._certificates["library"].for_server(),
        )
        self._channel = open_channel(f"localhost:{port}", self._certificates[caller].for_channel())

    async def leave(self):
        """The library is away."""
        if self._server:
            await self._channel.close()
            await self._server.stop(None)
        self._server = None
        self._channel = grpc.aio.insecure_channel("127.0.0.1:1")

    def channels(self, package, _country):
        return self._channel

    @asynccontextmanager
    async def gateway(self, **settings):
        """Runs the gateway within the block, as after a start."""
        told = GatewaySettings(
            **{"public_url": ISSUER, "access_log": False, "queue_dir": self.folder / "queue"} | settings
        )
        async with open_queue(self.folder / "queue", KEY, "FJI", told, self.channels) as queue:
            self.queue = queue
            app = build_app(told, self.channels, descriptors=_described(), queue=queue)
            async with connected(app) as (_port, self.http):
                yield self

    async def adds(self, title, officer=ANA, *, token="", key="", **headers):
        """Adds a book, or has it added later."""
        token = token or make_token(officer, ["learner@academy"])
        sent = {"authorization": f"Bearer {token}", "idempotency-key": key or str(uuid.uuid4()), **LATER, **headers}
        return await self.http.post(BOOKS, json={"title": title}, headers=sent)

    async def titles(self):
        found = await self.http.get(BOOKS)
        return [book["title"] for book in found.json()["books"]]

    async def rows(self, statement, *values):
        """Does something to the gateway's file, beside the loop in which the gateway may be writing it."""

        def do():
            with closing(sqlite3.connect(self.folder / "queue" / "queue.sqlite", timeout=60)) as database, database:
                return database.execute(statement, values).fetchall()

        return await asyncio.to_thread(do)

    async def until(self, answer, *states):
        """Waits until what a 202 named has one of those states, and returns it."""
        assert answer.status_code == 202, answer.text
        headers = {
            "authorization": f"Bearer {make_token(answer.json()['name'].rpartition('/queuedCalls')[0], ['learner@academy'])}"
        }
        async with asyncio.timeout(90):
            while True:
                found = (await self.http.get(answer.headers["location"], headers=headers)).json()
                if found["state"] in states:
                    return found
                await asyncio.sleep(0.05)


@pytest.fixture
async def stand(harness, tmp_path):
    """A stand whose library is away."""
    folder = tmp_path / "queue"
    folder.mkdir()
    # As kept when identity was last there.
    (folder / "keys.json").write_text(json.dumps({"keys": [tokens._key.as_dict(private=False)]}))
    clock = Clock()
    async with harness.run(build, LibrarySettings, seams={"clock": clock, "sealer": Sealer(KEY)}) as under_test:
        made = Stand(under_test, tmp_path, clock)
        await made.leave()
        yield made
        await made.leave()


@pytest.fixture
def patient():
    """Settings of a gateway that tries once at its start, and not again."""
    return {"queue_pause_seconds": 3600}


async def test_calls_are_made_in_their_callers_order_and_once(stand):
    async with stand.gateway(queue_pause_seconds=0.1):
        key = str(uuid.uuid4())
        kept = [await stand.adds(title) for title in ("one", "two")]
        again = [await stand.adds("three", key=key) for _ in range(2)]
        assert again[0].json()["name"] == again[1].json()["name"]
        sealed = await stand.rows("select position, sealed from queued_call")
        waiting, age = await stand.queue.read()
        assert (waiting.value, age.value > 0) == (3, True)
        await stand.arrive()
        for answer in (*kept, *again):
            ended = await stand.until(answer, _DONE)
            assert ended["method"] == "bluepacific.library.v1.BookService/CreateBook"
        assert await stand.titles() == ["one", "two", "three"]
        # The client that repeats it later, with the same key, hears what was done.
        assert (await stand.adds("three", key=key)).status_code == 200
        assert await stand.rows("select count(*) from queued_call where sealed is not null") == [(0,)]
    # Killed after the calls were made and before that was noted: they are made once more.
    for position, content in sealed:
        await stand.rows(
            "update queued_call set state = 1, end_time = null, sealed = ? where position = ?", content, position
        )
    async with stand.gateway(queue_pause_seconds=0.1):
        for answer in (*kept, *again):
            await stand.until(answer, _DONE)
        assert await stand.titles() == ["one", "two", "three"]


async def test_a_call_does_not_overtake_what_its_caller_has_waiting(stand, patient):
    async with stand.gateway(**patient):
        assert (await stand.adds("one")).status_code == 202
        await stand.arrive()
        behind = await stand.adds("two")
        assert (behind.status_code, behind.json()["state"]) == (202, _WAITING)
        # What a client says of it is not passed on.
        assert (await stand.adds("a lie", BEN, **{"accepted-time": "1700000000"})).status_code == 200
        # Others wait for nothing, nor who does not say that it may be later.
        assert (await stand.adds("of ben", BEN)).status_code == 200
        assert (await stand.adds("at once", prefer="")).status_code == 200
        # Bad input is told at once, whether something waits or not.
        assert (await stand.adds("x" * 101)).status_code == 400
        assert (await stand.adds("", prefer="respond-async;x=1")).status_code == 400


async def test_only_so_many_wait(stand, patient):
    async with stand.gateway(queue_calls=3, queue_calls_each=2, **patient):
        assert [(await stand.adds(str(number))).status_code for number in range(3)] == [202, 202, 503]
        assert [(await stand.adds(str(number), BEN)).status_code for number in range(2)] == [202, 503]
        refused = await stand.adds("more", BEN)
        assert (refused.json()["reason"], int(refused.headers["retry-after"]) > 0) == ("UNAVAILABLE", True)
        # Who takes one back has room for another.
        headers = {"authorization": f"Bearer {make_token(ANA, ['learner@academy'])}"}
        listed = (await stand.http.get(f"/v1/{ANA}/queuedCalls?pageSize=1", headers=headers)).json()
        assert listed["nextPageToken"]
        (first,) = listed["queuedCalls"]
        assert (await stand.http.delete(f"/v1/{first['name']}", headers=headers)).status_code == 200
        assert (await stand.http.get(f"/v1/{first['name']}", headers=headers)).status_code == 404
        assert (await stand.adds("again")).status_code == 202
    async with stand.gateway(queue_bytes=10, **patient):
        assert (await stand.adds("large", "countries/FJI/officers/eve")).status_code == 503


async def test_a_broken_disk_is_told_as_before(stand, patient):
    async with stand.gateway(**patient):
        await stand.rows("drop table queued_call")
        assert (await stand.adds("one")).status_code == 503
        await stand.arrive()
        assert (await stand.adds("one")).status_code == 200


async def test_what_goes_to_a_hosted_country_does_not_wait_here(stand, patient):
    certificates = {"addresses": {}, "tls_dir": stand.folder}
    async with stand.gateway(hosted={"TON": certificates}, **patient):
        mele = make_token("countries/TON/officers/mele", ["learner@academy"], iss="http://tonga.test")
        answer = await stand.adds("one", token=mele)
        assert (answer.status_code, answer.json()["reason"]) == (503, "UNAVAILABLE")


async def test_nothing_waits_of_whom_the_service_would_not_let_in(stand, patient):
    async with stand.gateway(**patient):
        stranger = make_token(ANA, ["learner@academy"], iss="http://elsewhere.test")
        for token, status in (
            (stranger, 401),
            (make_token(ANA, ["learner@academy"], lifetime=-60), 401),
            (make_token(ANA, ["officer@ncb"]), 403),
            # Programs repeat by themselves.
            (make_token("countries/FJI/clients/records", ["learner@academy"]), 503),
        ):
            assert (await stand.adds("x", token=token)).status_code == status
        assert (
            await stand.http.post(
                "/v1/countries/TON/books",
                json={"title": "x"},
                headers={
                    "authorization": f"Bearer {make_token(ANA, ['learner@academy'])}",
                    "idempotency-key": str(uuid.uuid4()),
                    **LATER,
                },
            )
        ).status_code == 403
        # Without the field that makes it safe to repeat, or what tells that it is known to be late.
        bare = {"authorization": f"Bearer {make_token(ANA, ['learner@academy'])}"}
        for headers in ({**bare, **LATER}, {**bare, "idempotency-key": str(uuid.uuid4())}):
            assert (await stand.http.post(BOOKS, json={"title": "x"}, headers=headers)).status_code == 503
        assert await stand.rows("select count(*) from queued_call") == [(0,)]


@pytest.mark.parametrize(
    ("ahead", "caller", "state", "reason"),
    [
        (timedelta(minutes=50), "gateway", _DONE, ""),
        (timedelta(minutes=70), "gateway", _REFUSED, "TOKEN_EXPIRED"),
        (timedelta(0), "stranger", _REFUSED, "PERMISSION_DENIED"),
    ],
    ids=["token-ended-since", "too-late", "not-the-gateway"],
)
async def test_the_service_takes_the_token_of_then_from_the_gateway_alone(stand, ahead, caller, state, reason):
    async with stand.gateway(queue_pause_seconds=0.1):
        short = make_token(ANA, ["learner@academy"], lifetime=600)
        kept = await stand.adds("late", token=short)
        stand.clock.ahead = ahead
        await stand.arrive(caller)
        ended = await stand.until(kept, _DONE, _REFUSED)
        assert (ended["state"], ended.get("reason", "")) == (state, reason)
        if ahead:
            assert (await stand.adds("now", token=short, prefer="")).status_code == 401
        if state == _DONE:
            (call,) = stand.under_test.service.servicers[0][1].calls[-1:]
            assert call.accept_time < stand.clock() - timedelta(minutes=40)


def _proof(key, token):
    """What a browser signs with the key that its token is bound to (RFC 9449)."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
    claims = {"jti": str(uuid.uuid4()), "htm": "POST", "htu": f"{ISSUER}{BOOKS}", "iat": time.time(), "ath": digest}
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
    return jws.serialize_compact(header, json.dumps(claims), key, algorithms=["ES256"])


@pytest.mark.parametrize("said", ["bare", "of another key", "for another token", "for another method"])
async def test_who_only_has_the_gateways_certificate_cannot_say_that_a_call_waited(stand, said):
    await stand.arrive()
    token = {"authorization": f"Bearer {make_token(ANA, ['learner@academy'], lifetime=-60)}"}
    then, path = datetime.now(UTC) - timedelta(minutes=10), "/bluepacific.library.v1.BookService/CreateBook"
    time_ = {
        "bare": str(then.timestamp()),
        "of another key": sealed_time(Sealer(os.urandom(32)), path, token, then),
        "for another token": sealed_time(Sealer(KEY), path, {"authorization": "Bearer x"}, then),
        "for another method": sealed_time(Sealer(KEY), path.replace("Create", "Update"), token, then),
    }[said]
    request = book_pb2.CreateBookRequest(parent="countries/FJI", book=book_pb2.Book(title="stolen"))
    call = book_pb2_grpc.BookServiceStub(stand.channels("", None)).CreateBook(
        request, metadata=(*token.items(), (ACCEPTED, time_))
    )
    await stand.under_test.refused(call, "PERMISSION_DENIED")


async def test_a_token_bound_to_a_key_waits_with_what_the_key_signed(stand):
    key = ECKey.generate_key("P-256")
    token = make_token(ANA, ["learner@academy"], lifetime=600, cnf={"jkt": key.thumbprint()})
    async with stand.gateway(queue_pause_seconds=0.1):
        assert (await stand.adds("stolen", token=token)).status_code == 401
        proof = _proof(key, token)
        bound = {"authorization": f"DPoP {token}", "dpop": proof}
        kept = await stand.adds("bound", **bound)
        # Whoever overheard it has nothing: it was taken.
        assert (await stand.adds("again", **bound)).status_code == 401
        stand.clock.ahead = timedelta(minutes=50)
        await stand.arrive()
        assert (await stand.until(kept, _DONE, _REFUSED))["state"] == _DONE
        assert await stand.titles() == ["bound"]


async def test_what_waited_too_long_is_given_up_and_forgotten(stand):
    async with stand.gateway(queue_pause_seconds=0.1):
        kept = await stand.adds("late")
        past = (datetime.now(UTC) - timedelta(seconds=1)).replace(tzinfo=None).isoformat(sep=" ")
        await stand.rows("update queued_call set expire_time = ?", past)
        assert (await stand.until(kept, _EXPIRED))["endTime"]
        assert await stand.rows("select sealed, size from queued_call") == [(None, 0)]
        long_ago = (datetime.now(UTC) - timedelta(days=8)).replace(tzinfo=None).isoformat(sep=" ")
        await stand.rows("update queued_call set end_time = ?", long_ago)
        async with asyncio.timeout(60):
            while await stand.rows("select count(*) from queued_call") != [(0,)]:  # noqa: ASYNC110 - a file has no event
                await asyncio.sleep(0.05)


async def test_without_a_queue_there_are_no_such_paths(stand):
    app = build_app(GatewaySettings(public_url=ISSUER, access_log=False), stand.channels)
    async with connected(app) as (_port, http):
        headers = {"authorization": f"Bearer {make_token(ANA, ['learner@academy'])}"}
        answer = await http.get(f"/v1/{ANA}/queuedCalls", headers=headers)
        assert (answer.status_code, answer.json()["reason"]) == (404, "ROUTE_NOT_FOUND")


def test_a_letter_opens_for_its_own_row_and_key_alone():
    box, letter = LetterBox(KEY), Letter(b"\x00request", (("authorization", "Bearer x"),))
    sealed = box.seal(letter, "a")
    assert box.open(sealed, "a") == letter
    for other, call_id in ((box, "b"), (LetterBox(os.urandom(32)), "a")):
        with pytest.raises(ValueError, match="not a token"):
            other.open(sealed, call_id)
    assert box.disguise(b"ab", b"c") != box.disguise(b"a", b"bc")
