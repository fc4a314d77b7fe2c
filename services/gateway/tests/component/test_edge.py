"""Limits, overload, traces, headers that every response has, and what happens when something breaks."""

import asyncio
import re

import pytest
from bp_library.serving import BOOKS, app_of, connected

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_a_body_over_the_limit(gateway_with):
    async def pieces():
        yield b'{"title": "'
        for _ in range(20):
            yield b"a" * 100

    async with gateway_with(body_bytes=1000) as gateway:
        for content in (b"x" * 1001, pieces()):
            headers = gateway.as_learner(**{"content-type": "application/json"})
            answer = await gateway.http.post(BOOKS, content=content, headers=headers)
            assert (answer.status_code, answer.json()["reason"]) == (413, "BODY_TOO_LARGE")
        assert (await gateway.add())["title"] == "Tides"


async def test_a_body_that_does_not_arrive(gateway_with):
    async with gateway_with(body_seconds=0.1) as gateway:
        head = b"POST /v1/echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n"
        answer = await gateway.raw(head + b"connection: close\r\n\r\n{")
        assert answer.startswith(b"HTTP/1.1 504")


@pytest.mark.parametrize("where", ["path", "query", "header"])
async def test_an_address_or_headers_over_the_limit(gateway, where):
    path = f"{BOOKS}/{'a' * 40_000}" if where == "path" else BOOKS
    query = f"?pageToken={'a' * 40_000}" if where == "query" else ""
    headers = {"x-more": "a" * 40_000} if where == "header" else {}
    answer = await gateway.http.get(path + query, headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (431, "HEADERS_TOO_LARGE")


@pytest.mark.parametrize("kind", ["one header", "many headers", "trailers", "line"])
async def test_a_head_without_end_is_cut_off(gateway, kind):
    start = b"GET /v1/me HTTP/1.1\r\nhost: a\r\n"
    if kind == "trailers":
        start += b"transfer-encoding: chunked\r\n\r\n0\r\n"
    start = b"GET /" if kind == "line" else start + b"x-more: "
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(start)

    async def write_for_ever():
        while True:
            writer.write(b"a\r\nx-more: " * 1000 if kind in ("many headers", "trailers") else b"a" * 10_000)
            await writer.drain()

    writing = asyncio.create_task(write_for_ever())
    try:
        async with asyncio.timeout(90):
            await asyncio.gather(reader.read(), writing, return_exceptions=True)
    finally:
        writing.cancel()
        writer.close()
    assert isinstance(writing.exception(), ConnectionError)


async def test_more_requests_than_it_takes_are_told_to_come_again(gateway_with):
    async with gateway_with(max_requests=1) as gateway, gateway.http.stream("GET", f"{BOOKS}:watch"):
        answer = await gateway.http.get(BOOKS)
        assert (answer.status_code, answer.json()["reason"]) == (429, "OVERLOADED")
        assert int(answer.headers["retry-after"]) > 0
        gateway.library.events.put_nowait(None)


@pytest.mark.parametrize(("book", "status"), [("crowded", 429), ("far", 503)])
async def test_a_service_that_cannot_now_says_when_to_come_again(gateway, book, status):
    answer = await gateway.http.post(f"{BOOKS}/{book}:reserve", json={"days": 1})
    assert answer.status_code == status
    assert int(answer.headers["retry-after"]) > 0


async def test_a_service_that_is_not_there(gateway_with):
    from bp_kit.rpc.client import open_channel

    async with gateway_with() as gateway, open_channel("127.0.0.1:1") as nowhere:
        for route in gateway.app.routes:
            caller = getattr(getattr(route, "answer", None), "__self__", None)
            if caller:
                caller._caller._channels = lambda *_: nowhere
        answer = await gateway.http.get(BOOKS, headers={"accept-language": "ar"})
        assert (answer.status_code, answer.json()["reason"]) == (503, "UNAVAILABLE")
        assert answer.headers["content-language"] == "ar"


async def test_a_deadline_that_passes(gateway):
    headers = {"x-deadline-ms": "100"}
    answer = await gateway.http.post(f"{BOOKS}/endless:reserve", json={"days": 1}, headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (504, "DEADLINE_EXCEEDED")


async def test_what_nobody_foresaw_tells_nothing_but_the_trace(gateway):
    answer = await gateway.http.post(f"{BOOKS}/broken:reserve", json={"days": 1})
    assert answer.status_code == 500
    assert "canary" not in answer.text
    assert answer.json()["reason"] == "UNSPECIFIED"
    assert answer.json()["instance"] == f"urn:trace:{answer.headers['x-trace-id']}"


@pytest.mark.parametrize("path", [BOOKS, "/docs", "/healthz", "/nowhere", f"{BOOKS}:watch?after=1"])
async def test_every_response_names_its_trace_and_is_safe_in_a_browser(gateway, path):
    answer = await gateway.http.get(path)
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-trace-id"])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "strict-transport-security" not in answer.headers
    assert "server" not in {key.lower() for key in answer.headers} or answer.headers["server"] == "uvicorn"
    assert "access-control-allow-origin" not in answer.headers


async def test_a_trace_that_comes_in_is_gone_on_with(gateway):
    book = await gateway.add()
    headers = gateway.as_learner(traceparent=TRACEPARENT)
    answer = await gateway.http.get(f"/v1/{book['name']}", headers=headers)
    assert answer.headers["x-trace-id"] == TRACEPARENT[3:35]
    assert gateway.library.calls[-1].metadata["traceparent"][3:35] == TRACEPARENT[3:35]
    broken = await gateway.http.get(BOOKS, headers={"traceparent": "00-xyz\xe9".encode("latin-1")})
    assert (broken.status_code, len(broken.headers["x-trace-id"])) == (200, 32)


async def test_pages_of_other_origins_may_call_only_where_settings_say_so(gateway_with):
    asked = {"origin": "https://portal.test", "access-control-request-method": "POST"}
    async with gateway_with() as gateway:
        answer = await gateway.http.request("OPTIONS", BOOKS, headers=asked)
        assert answer.status_code == 405
        assert "access-control-allow-origin" not in answer.headers
    async with gateway_with(cors_origins=("https://portal.test",)) as gateway:
        answer = await gateway.http.request("OPTIONS", BOOKS, headers=asked)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "https://portal.test")
        answer = await gateway.http.get(BOOKS, headers={"origin": "https://portal.test"})
        assert "x-trace-id" in answer.headers["access-control-expose-headers"]
        answer = await gateway.http.get(BOOKS, headers={"origin": "https://elsewhere.test"})
        assert "access-control-allow-origin" not in answer.headers


async def test_behind_tls_browsers_are_told_to_stay_there():
    async with connected(app_of(None, public_url="https://node.test")) as (_, http):
        answer = await http.get("/healthz")
        assert answer.headers["strict-transport-security"].startswith("max-age=")


async def test_probes_tell_life_and_readiness_apart():
    async def not_yet():
        return False

    async with connected(app_of(None, ready=not_yet)) as (_, http):
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).status_code == 503
