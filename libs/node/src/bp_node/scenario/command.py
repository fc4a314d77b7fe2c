"""`bluepacific scenario`: plays the day and fails when a promise was broken."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from pathlib import Path
from typing import Any

from bp_node.failure import CommandError
from bp_node.scenario import catalogue, following, inquiry, outage, recall, training
from bp_node.scenario.cast import Cast, read_region
from bp_node.scenario.story import Story
from bp_node.screen import out, say_json


def run(state: Path, *, as_json: bool) -> None:
    """Plays the day in the region of a state folder.

    Raises:
        CommandError: No region runs there, or promises were broken.
    """
    region, passwords = read_region(state)
    story = Story(as_json=as_json)
    begun = time.monotonic()
    asyncio.run(_play(story, state, region, passwords))
    seconds = time.monotonic() - begun
    broken = [step.title for step in story.failed]
    if as_json:
        say_json({"event": "played", "steps": len(story.steps), "broken": broken, "seconds": round(seconds, 1)})
    elif not broken:
        out.print(f"\n[green]{len(story.steps)} steps, every promise held[/green], {seconds:.0f} s")
    if broken:
        raise CommandError(f"{len(broken)} of {len(story.steps)} steps broke a promise: {'; '.join(broken)}")


async def _play(story: Story, state: Path, region: dict[str, Any], passwords: dict[str, str]) -> None:
    async with contextlib.AsyncExitStack() as stack:
        cast = Cast(state, region, secrets.token_hex(3), passwords, stack)
        for node in cast.region["nodes"]:
            await cast.ask("state", node)
        with story.chapter("An inquiry about a vessel"):
            trace_id = await inquiry.play(story, cast)
            await following.play(story, cast, trace_id)
        with story.chapter("Put right, and taken back"):
            await recall.play(story, cast)
        with story.chapter("An outage in Tonga"):
            await outage.play(story, cast)
        with story.chapter("The catalogue of capabilities"):
            await catalogue.play(story, cast)
        with story.chapter("A course, a lesson, a credential"):
            await training.play(story, cast)
