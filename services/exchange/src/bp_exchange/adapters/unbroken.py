"""Work on the database that is always ended before its task is: a link that goes must not leave a transaction half way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


def unbroken(work: Callable[Given, Coroutine[Any, Any, Result]]) -> Callable[Given, Coroutine[Any, Any, Result]]:
    """Makes a method run to its end even when its caller is cancelled; the caller is cancelled after it."""

    @wraps(work)
    async def run(*args: Given.args, **values: Given.kwargs) -> Result:
        task = asyncio.ensure_future(work(*args, **values))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            if not task.cancelled():
                # Its failure is of no interest any more, but must have been looked at.
                task.exception()
            raise

    return run
