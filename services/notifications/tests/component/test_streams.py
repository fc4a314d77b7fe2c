import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import grpc
import pytest
from google.rpc import error_details_pb2
from post import PATIENCE

from bp_kit.testing.harness import detail, status_of_error
from bp_notifications.adapters.bells import BellBoard
from bp_notifications.adapters.unit_of_work import Desk
from bp_notifications.adapters.wording import Wording
from bp_notifications.domain.contact import Audience
from bp_notifications.domain.notification import NotificationRequest
from bp_notifications.usecases.notifications import notify_people
from bp_notifications.usecases.work import Rules


class Reader:
    """Reads a stream in a task of its own, as the gateway does."""

    def __init__(self, call):
        self._queue = asyncio.Queue()
        self._call = call
        self.task = asyncio.create_task(self._read(call))

    async def _read(self, call):
        try:
            async for one in call:
                await self._queue.put(one)
        except grpc.RpcError as error:
            await self._queue.put(error)
        await self._queue.put(None)

    async def next(self):
        async with asyncio.timeout(PATIENCE):
            return await self._queue.get()

    async def subjects(self, count):
        return [(await self.next()).subject for _ in range(count)]

    def waiting(self):
        return self._queue.qsize()

    async def close(self):
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task
        self._call.cancel()


@asynccontextmanager
async def reading(call):
    reader = Reader(call)
    try:
        yield reader
    finally:
        await reader.close()


def reason_of(error):
    return detail(status_of_error(error), error_details_pb2.ErrorInfo()).reason


@pytest.fixture
def board(monkeypatch):
    """The boards that services are built with: tells when a stream listens and when it has gone."""
    boards = []
    made = BellBoard.__init__

    def remember(self):
        made(self)
        boards.append(self)

    monkeypatch.setattr(BellBoard, "__init__", remember)
    return boards


async def until(condition):
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - nothing in the service tells tests
            await asyncio.sleep(0.01)


async def test_what_was_missed_comes_first_then_what_happens(post):
    await post.learn("mele")
    missed = [await post.ask() for _ in range(3)]
    async with reading(post.watch("mele")) as stream:
        assert await stream.subjects(3) == missed
        live = [await post.ask() for _ in range(3)]
        assert await stream.subjects(3) == live
        assert stream.waiting() == 0


async def test_what_happens_while_the_past_is_read_comes_once_and_in_order(post):
    await post.learn("mele")
    for _ in range(70):
        await post.ask()
    async with reading(post.watch("mele")) as stream:
        await asyncio.gather(*(post.ask() for _ in range(30)))
        seen = await stream.subjects(100)
        assert seen == (await post.subjects("mele"))[::-1]
        assert stream.waiting() == 0


@pytest.mark.parametrize("manner", ["after", "last_event_id"])
async def test_a_stream_goes_on_after_the_last_one_seen(post, manner):
    await post.learn("mele")
    await post.ask()
    async with reading(post.watch("mele")) as stream:
        last = await stream.next()
    missed = [await post.ask() for _ in range(2)]
    # Read elsewhere meanwhile, and missed all the same.
    await post.mark_read("mele", (await post.list("mele")).notifications[1].name)
    async with reading(post.watch("mele", **{manner: last.name})) as stream:
        assert await stream.subjects(2) == missed
        live = await post.ask()
        assert await stream.subjects(1) == [live]


async def test_the_header_of_a_reconnecting_browser_wins_over_its_address(post):
    await post.learn("mele")
    for _ in range(3):
        await post.ask()
    newest, _, oldest = (one.name for one in (await post.list("mele")).notifications)
    async with reading(post.watch("mele", after=oldest, last_event_id=newest)) as stream:
        live = await post.ask()
        assert await stream.subjects(1) == [live]


async def test_a_first_stream_begins_with_what_is_unread(post):
    await post.learn("mele")
    await post.ask()
    unread = await post.ask()
    await post.mark_read("mele", (await post.list("mele")).notifications[1].name)
    unknown = f"{post.officer('mele')}/notifications/{'0' * 36}"
    for event_id in ("", unknown, "nonsense", "countries/TON/officers/sione/notifications/" + "0" * 36):
        async with reading(post.watch("mele", last_event_id=event_id)) as stream:
            assert await stream.subjects(1) == [unread]


async def test_people_see_their_own(post):
    await post.learn("mele")
    await post.learn("sione")
    async with reading(post.watch("mele")) as mele, reading(post.watch("sione")) as sione:
        await post.ask(officer="sione")
        subject = await post.ask(officer="mele")
        assert await mele.subjects(1) == [subject]
        assert len(await sione.subjects(1)) == 1
        assert mele.waiting() == sione.waiting() == 0
    async with reading(post.watch("sione", parent=post.officer("mele"))) as stream:
        assert reason_of(await stream.next()) == "NOT_FOUND"


async def test_a_stream_ends_when_its_reader_goes(board, open_post):
    async with open_post(stream_limit=2) as post:
        await post.learn("mele")
        mele = post.officer("mele")
        async with reading(post.watch("mele")), reading(post.watch("mele")) as second:
            await until(lambda: board[0].listening(mele) == 2)
            async with reading(post.watch("mele")) as third:
                assert reason_of(await third.next()) == "TOO_MANY_STREAMS"
            await second.close()
            await until(lambda: board[0].listening(mele) == 1)
            async with reading(post.watch("mele")) as fourth:
                subject = await post.ask()
                assert await fourth.subjects(1) == [subject]
        await until(lambda: not board[0].listening(mele))


async def test_an_old_stream_ends_so_that_the_token_is_checked_again(open_post):
    async with open_post(stream_lifetime=timedelta(milliseconds=300)) as post:
        await post.learn("mele")
        subject = await post.ask()
        async with reading(post.watch("mele")) as stream:
            assert await stream.subjects(1) == [subject]
            assert await stream.next() is None


async def test_what_another_pod_tells_comes_too(post):
    await post.learn("mele")
    day = timedelta(days=1)
    rules = Rules(frozenset({"TON"}), day, day, day, day, 1, 1)
    other = Desk(post.database, post.under_test.seams, Wording("https://x.example"), BellBoard(), rules)
    async with reading(post.watch("mele")) as stream:
        for number in range(3):
            request = NotificationRequest(
                cause=f"other-{number}",
                template="cooperation.request_received",
                subject=f"countries/TON/requests/{number}",
                audience=Audience(officer=post.officer("mele")),
                urgent=False,
                traceparent="",
            )
            async with other.transaction() as work:
                assert await notify_people(work, request, "countries/TON") == 1
            assert await stream.subjects(1) == [request.subject]


async def test_nothing_rings_when_nothing_was_committed(post):
    await post.learn("mele")
    async with reading(post.watch("mele")) as stream:
        await post.ask("cooperation.never_heard_of")
        subject = await post.ask()
        assert await stream.subjects(1) == [subject]
