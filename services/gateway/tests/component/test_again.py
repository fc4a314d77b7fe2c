"""A service that cannot be reached: who was told lately is told again, and how old it is; everybody else gets 503 and when to retry."""

import time

import grpc
import pytest
from bp_library.app import LibrarySettings, build
from bp_library.serving import BOOKS, Running, app_of, connected

from bp_gateway.again import AnswersAgain
from bp_gateway.exchange import Exchange
from bp_kit.errors import Refused
from bp_kit.testing.tokens import make_token


@pytest.fixture
async def cut_off(harness):
    """Gives a gateway, and what cuts it off from its service: a channel to where nobody listens."""
    async with harness.run(build, LibrarySettings) as under_test, grpc.aio.insecure_channel("127.0.0.1:1") as nowhere:
        way = [under_test.channel]
        app = app_of(lambda _package, _country: way[0])
        async with connected(app) as (port, http):
            yield Running(http, port, under_test, app), lambda: way.__setitem__(0, nowhere)


async def test_a_read_is_answered_again_with_its_age_for_the_same_caller_only(cut_off):
    gateway, cut = cut_off
    book = await gateway.add()
    asked = {"url": f"/v1/{book['name']}", "headers": gateway.as_learner()}
    fresh = await gateway.http.get(**asked)
    assert "age" not in fresh.headers
    cut()
    again = await gateway.http.get(**asked)
    assert (again.status_code, again.json()) == (200, fresh.json())
    assert int(again.headers["age"]) >= 0
    assert again.headers["warning"].startswith("111 ")
    assert again.headers["etag"] == fresh.headers["etag"]
    for headers in (
        {},
        gateway.as_learner("countries/FJI/officers/ben"),
        {**asked["headers"], "accept-language": "fr"},
    ):
        refused = await gateway.http.get(asked["url"], headers=headers)
        assert (refused.status_code, refused.json()["reason"]) == (503, "UNAVAILABLE")
        assert int(refused.headers["retry-after"]) > 0
    # A list that the proto does not offer again, and a change.
    assert (await gateway.http.get(BOOKS, headers=asked["headers"])).status_code == 503
    assert (await gateway.http.post(BOOKS, json={"title": "x"}, headers=asked["headers"])).status_code == 503


class Answer:
    """Of some bytes."""

    def __init__(self, size=10):
        self._size = size

    def ByteSize(self):
        return self._size


def question(authorization=b"", path=b"/v1/books/a"):
    headers = [(b"authorization", authorization)] if authorization else []
    return Exchange({"headers": headers, "raw_path": path, "query_string": b""}, None, None)


def token(**claims):
    return f"Bearer {make_token('countries/FJI/officers/ana', [], **claims)}".encode()


CUT = Refused("UNAVAILABLE")


def test_nothing_is_told_after_its_time_or_its_tokens():
    now = [time.time()]
    answers = AnswersAgain(900, lambda: now[0])
    public, short = question(), question(token(lifetime=60))
    for one in (public, short):
        answers.keep(one, Answer())
    now[0] += 59
    assert answers.after(CUT, short) is not None
    now[0] += 2
    assert answers.after(CUT, short) is None
    assert answers.after(CUT, public) is not None
    now[0] += 900
    assert answers.after(CUT, public) is None


@pytest.mark.parametrize("bound", [token(cnf={"jkt": "x"}), b"Basic YTpi", token(exp="soon")], ids=range(3))
def test_a_token_that_only_the_service_can_judge_is_told_nothing(bound):
    answers = AnswersAgain(900)
    answers.keep(question(bound), Answer())
    assert answers.after(CUT, question(bound)) is None


def test_what_the_service_refuses_is_forgotten():
    answers = AnswersAgain(900)
    answers.keep(question(), Answer())
    assert answers.after(Refused("PERMISSION_DENIED"), question()) is None
    assert answers.after(CUT, question()) is None


def test_what_is_kept_is_limited():
    answers = AnswersAgain(900)
    paths = [f"/v1/books/{number}".encode() for number in range(5)]
    for path in paths:
        answers.keep(question(path=path), Answer(300_000))
    kept = [path for path in paths if answers.after(CUT, question(path=path))]
    assert kept == paths[-3:]
    answers.keep(question(), Answer(1 << 21))
    assert answers.after(CUT, question()) is None
