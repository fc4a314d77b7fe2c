"""How a scenario is told: chapters of steps, what came back, and promises that hold or do not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bp_client import Problem
from bp_node.screen import errors, out, say_json

T = TypeVar("T")
_POLL_SECONDS = 0.2


class BrokenPromise(Exception):  # noqa: N818 - the word says it
    """Something that was promised did not happen."""


@dataclass
class Step:
    """One step of the day.

    Attributes:
        title: What somebody does.
        facts: What came back.
        failure: Which promise was broken; empty when all held.
        seconds: How long it took.
    """

    title: str
    facts: dict[str, Any] = field(default_factory=dict)
    failure: str = ""
    seconds: float = 0.0

    def shows(self, **facts: Any) -> None:
        """Adds what came back."""
        self.facts.update(facts)


class Story:
    """Tells a scenario as it happens and remembers what failed.

    Args:
        as_json: Write one line of JSON a step, and nothing else.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._json = as_json
        self.steps: list[Step] = []

    @property
    def failed(self) -> list[Step]:
        """Steps whose promises were broken."""
        return [step for step in self.steps if step.failure]

    @contextmanager
    def chapter(self, title: str) -> Iterator[None]:
        """Groups steps that need each other: after a broken promise the rest of the chapter is left out, the day goes on."""
        if not self._json:
            out.print(f"\n[bold]{title}[/bold]")
        try:
            yield
        except BrokenPromise:
            if not self._json:
                out.print("  [yellow]the rest of this chapter is left out[/yellow]")

    @asynccontextmanager
    async def step(self, title: str) -> AsyncIterator[Step]:
        """Runs one step and tells how it went.

        Raises:
            BrokenPromise: A promise was broken, or a call was refused that should not have been.
        """
        step = Step(title)
        begun = time.monotonic()
        try:
            yield step
        except BrokenPromise as broken:
            step.failure = str(broken)
            raise
        except Problem as problem:
            step.failure = f"refused: {problem} (trace {problem.trace_id})"
            raise BrokenPromise(step.failure) from problem
        except ExceptionGroup as group:
            refusals = group.subgroup(Problem)
            if refusals is None:
                raise
            step.failure = f"refused, of what was done side by side: {refusals.exceptions[0]}"
            raise BrokenPromise(step.failure) from group
        finally:
            step.seconds = time.monotonic() - begun
            self.steps.append(step)
            self._tell(step)

    def _tell(self, step: Step) -> None:
        if self._json:
            document = {"step": step.title, "ok": not step.failure, "seconds": round(step.seconds, 3), **step.facts}
            say_json({**document, "failure": step.failure} if step.failure else document)
            return
        mark = "[red]✗[/red]" if step.failure else "[green]✓[/green]"
        out.print(f"  {mark} {step.title} [dim]{step.seconds:.1f} s[/dim]", soft_wrap=True)
        for name, value in step.facts.items():
            out.print(f"      {name.replace('_', ' ')}: {value}", markup=False, soft_wrap=True)
        if step.failure:
            out.print(f"      {step.failure}", style="red", markup=False, soft_wrap=True)

    async def until(self, what: str, look: Callable[[], Awaitable[T | None]], *, seconds: float = 60) -> T:
        """Looks again and again until there is something, showing what is waited for.

        Args:
            what: `Tonga has the request`.
            look: Returns None while it is not so. Refusals count as not yet: the record may still be on its way.
            seconds: How long at most.

        Raises:
            BrokenPromise: It did not become so in time.
        """
        return await self._within(self._looking(look), what, seconds)

    async def _within(self, awaited: Awaitable[T], what: str, seconds: float) -> T:
        status = errors.status(f"waiting until {what}") if errors.is_terminal and not self._json else None
        try:
            if status:
                status.start()
            async with asyncio.timeout(seconds):
                return await awaited
        except TimeoutError:
            raise BrokenPromise(f"not so within {seconds:.0f} s: {what}") from None
        finally:
            if status:
                status.stop()

    @staticmethod
    async def _looking(look: Callable[[], Awaitable[T | None]]) -> T:
        while True:
            try:
                found = await look()
            except Problem as problem:
                if problem.status in (400, 401):
                    raise
                found = None
            if found is not None and found is not False:
                return found
            await asyncio.sleep(_POLL_SECONDS)


def promised(held: object, text: str) -> None:
    """Checks a promise.

    Raises:
        BrokenPromise: It does not hold.
    """
    if not held:
        raise BrokenPromise(text)


async def refused(call: Awaitable[Any], reason: str) -> Problem:
    """Returns the problem that a call must be answered with.

    Raises:
        BrokenPromise: It was answered otherwise.
    """
    try:
        answer = await call
    except Problem as problem:
        promised(
            problem.reason == reason, f"should be refused for {reason}, was for {problem.reason}: {problem.detail}"
        )
        return problem
    raise BrokenPromise(f"should be refused for {reason}, was answered: {str(answer)[:200]}")
