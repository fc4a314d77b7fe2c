from __future__ import annotations

import asyncio
import json

import pytest

from bp_client import Problem
from bp_node.scenario.story import BrokenPromise, Story, promised, refused


async def test_steps_are_told_as_json_and_a_broken_promise_is_remembered(capsys):
    story = Story(as_json=True)
    with story.chapter("one"):
        async with story.step("goes well") as step:
            step.shows(count=3)
        async with story.step("goes badly"):
            promised(held=False, text="three come back")
        pytest.fail("the rest of a chapter is left out")
    async with story.step("the day goes on"):
        pass
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["step"], one["ok"]) for one in told] == [
        ("goes well", True),
        ("goes badly", False),
        ("the day goes on", True),
    ]
    assert told[0]["count"] == 3
    assert [step.failure for step in story.failed] == ["three come back"]


async def test_an_unexpected_refusal_breaks_the_promise():
    story = Story(as_json=True)
    with pytest.raises(BrokenPromise, match="NOT_FOUND"):
        async with story.step("reads"):
            raise Problem(404, "NOT_FOUND", "Nothing.", trace_id="f" * 32)
    assert "f" * 32 in story.failed[0].failure


async def test_a_refusal_among_things_done_side_by_side_breaks_the_promise():
    async def refuses():
        raise Problem(500, "UNSPECIFIED", "Something went wrong.")

    story = Story(as_json=True)
    with pytest.raises(BrokenPromise, match="UNSPECIFIED"):
        async with story.step("writes"), asyncio.TaskGroup() as group:
            group.create_task(refuses())
    assert story.failed[0].title == "writes"


async def test_until_looks_again_and_takes_absence_for_not_yet():
    answers = iter([Problem(404, "NOT_FOUND", "x"), Problem(503, "UNAVAILABLE", "x"), None, "here"])

    async def look():
        answer = next(answers)
        if isinstance(answer, Problem):
            raise answer
        return answer

    assert await Story(as_json=True).until("it is here", look, seconds=30) == "here"


async def test_until_gives_up_and_says_on_what():
    async def look():
        return None

    with pytest.raises(BrokenPromise, match="not so within 0 s: it is here"):
        await Story(as_json=True).until("it is here", look, seconds=0.01)


async def test_until_does_not_hide_a_wrong_request():
    async def look():
        raise Problem(400, "INVALID_FIELD", "x")

    with pytest.raises(Problem):
        await Story(as_json=True).until("it is here", look)


async def test_a_refusal_that_must_come():
    async def refuses():
        raise Problem(404, "NOT_FOUND", "x")

    async def answers():
        return "here you are"

    assert (await refused(refuses(), "NOT_FOUND")).status == 404
    with pytest.raises(BrokenPromise, match="was for NOT_FOUND"):
        await refused(refuses(), "PERMISSION_DENIED")
    with pytest.raises(BrokenPromise, match="was answered"):
        await refused(answers(), "NOT_FOUND")
