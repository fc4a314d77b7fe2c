"""Canaries: values that tests' shared fixtures plant as names, contents, passwords and tokens, and that nobody may find elsewhere.

`Watch` looks over everything that a process tells others than the people concerned: log lines, spans, metrics, notifications and the bodies
of errors. The plugin has it on during every test; a test during which one of the values shows up there fails.
"""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Callable, Iterator
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.metrics import _internal as metrics_api
from opentelemetry.sdk import metrics as metrics_sdk
from opentelemetry.sdk import trace as trace_sdk

from bp_kit import outbox
from bp_kit.rpc import pipeline

_LEVELS = ("debug", "info", "warning", "error", "critical", "exception", "log", "msg")
_SPANS = ("set_attribute", "set_attributes", "add_event", "record_exception", "set_status", "update_name")
_MEASURES = ("add", "record", "set")
# For the whole run: what shared fixtures are made of.
_planted: dict[str, str] = {}


def plant(kind: str, value: str) -> str:
    """Returns a value that from now on may not be told to others.

    Args:
        kind: What it is, as a failing test names it: `password`.
        value: Of letters and figures that stand nowhere else.
    """
    _planted[value] = kind
    return value


class Watch:
    """Notes which planted values show up where.

    Attributes:
        leaks: What was found: `token in log`.
    """

    def __init__(self) -> None:
        self.leaks: list[str] = []
        self._tokens: set[str] = set()

    def planted_token(self, token: str) -> None:
        """A token was made: its signature may not be told until this test ends."""
        self._tokens.add(token.rpartition(".")[2])

    def look(self, where: str, *told: object) -> None:
        """Looks over something that is told."""
        text = " ".join(one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in told)
        self.leaks += [f"{kind} in {where}" for value, kind in _planted.items() if value in text]
        self.leaks += [f"token in {where}" for value in self._tokens if value in text]

    def begin(self) -> None:
        """Forgets what the last test left."""
        self.leaks.clear()
        self._tokens.clear()


WATCH = Watch()


@contextlib.contextmanager
def watching() -> Iterator[Watch]:
    """Looks over everything that this process tells, within the block."""
    with contextlib.ExitStack() as stack:
        for owner, name, where in _mouths():
            plain = vars(owner).get(name) if isinstance(owner, type) else getattr(owner, name)
            if plain is None:
                continue
            setattr(owner, name, _overheard(plain, where))
            stack.callback(setattr, owner, name, plain)
        yield WATCH


def _mouths() -> Iterator[tuple[Any, str, str]]:
    """Yields what tells something, and whether that is a log, a span and so on."""
    yield logging.Logger, "handle", "log"
    kind: Any
    for kind in (structlog.PrintLogger, structlog.WriteLogger):
        yield from ((kind, level, "log") for level in _LEVELS)
    for kind in (trace.NonRecordingSpan, trace_sdk.Span):
        yield from ((kind, name, "span") for name in _SPANS)
    for kind in (trace.NoOpTracer, trace_sdk.Tracer):
        yield kind, "start_span", "span"
    for kind in (*vars(metrics_api.instrument).values(), *vars(metrics_sdk).values()):
        if isinstance(kind, type):
            yield from ((kind, name, "metric") for name in _MEASURES if callable(vars(kind).get(name)))
    yield outbox.Outbox, "notify", "notification"
    yield pipeline, "status_of", "error"


def _overheard(plain: Callable[..., Any], where: str) -> Callable[..., Any]:
    """Returns a function that does the same, and is looked over: by what it returns where that is told, else by what it is given."""

    @functools.wraps(plain)
    def telling(*args: Any, **kwargs: Any) -> Any:
        if where == "error":
            status = plain(*args, **kwargs)
            WATCH.look(where, status.SerializeToString())
            return status
        WATCH.look(where, *(_words(one) for one in (*args[1:], *kwargs.values())))
        return plain(*args, **kwargs)

    return telling


def _words(told: object) -> object:
    if isinstance(told, logging.LogRecord):
        return f"{told.msg} {told.args} {told.exc_text or ''}"
    return told.SerializeToString() if hasattr(told, "SerializeToString") else told
