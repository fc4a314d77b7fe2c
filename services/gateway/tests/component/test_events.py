"""Server streams as server-sent events."""

import asyncio
import contextlib
import json

from bp_library.serving import BOOKS

WATCH = f"{BOOKS}:watch"


async def test_events_carry_their_id_and_one_line_of_json(gateway):
    for event in ("1", "2", None):
        gateway.library.events.put_nowait(event)
    answer = await gateway.http.get(WATCH, headers={"last-event-id": "0"})
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    first, second, rest = answer.text.split("\n\n")
    assert first.splitlines()[0] == "id: 1"
    assert json.loads(first.splitlines()[1].removeprefix("data: ")) == {
        "eventId": "1",
        "book": {"title": "No. 1\nsecond line"},
    }
    assert second.startswith("id: 2\ndata: ")
    assert rest == ""
    assert gateway.library.calls[-1].metadata["last-event-id"] == "0"


async def test_a_refusal_before_the_first_event_keeps_its_status(gateway):
    answer = await gateway.http.get(f"{WATCH}?after=1")
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "after")


async def test_an_error_after_the_first_event_is_an_event(gateway):
    for event in ("1", "break"):
        gateway.library.events.put_nowait(event)
    answer = await gateway.http.get(WATCH, headers={"accept-language": "es"})
    error = answer.text.split("\n\n")[1]
    assert error.startswith("event: error\ndata: ")
    problem = json.loads(error.splitlines()[1].removeprefix("data: "))
    assert (problem["reason"], problem["status"]) == ("UNAVAILABLE", 503)
    assert problem["title"].startswith("No se puede")


async def test_a_silent_stream_sends_comments(gateway_with):
    async with gateway_with(heartbeat_seconds=0.05) as gateway, gateway.http.stream("GET", WATCH) as answer:
        lines = answer.aiter_lines()
        assert [await anext(lines) for _ in range(4)] == [":", "", ":", ""]
        gateway.library.events.put_nowait("1")
        async for line in lines:
            if line.startswith("id"):
                break
        assert line == "id: 1"
        gateway.library.events.put_nowait(None)


async def test_a_client_that_leaves_ends_the_call(gateway):
    async with gateway.http.stream("GET", WATCH) as answer:
        gateway.library.events.put_nowait("1")
        await anext(answer.aiter_lines())
        assert not gateway.library.left.is_set()
    await asyncio.wait_for(gateway.library.left.wait(), 10)


async def test_a_client_that_leaves_before_anything_happened_ends_the_call(gateway):
    asking = asyncio.create_task(gateway.http.get(WATCH))
    await asyncio.wait_for(gateway.library.watched.wait(), 10)
    asking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asking
    await asyncio.wait_for(gateway.library.left.wait(), 10)


async def test_an_old_stream_ends_by_itself(gateway_with):
    async with gateway_with(stream_seconds=0.3, heartbeat_seconds=0.1) as gateway:
        gateway.library.events.put_nowait("1")
        answer = await gateway.http.get(WATCH)
        assert answer.text.startswith("id: 1")
        await asyncio.wait_for(gateway.library.left.wait(), 10)
