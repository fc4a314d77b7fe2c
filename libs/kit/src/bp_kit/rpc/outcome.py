"""How a call ended, for the metrics and its span."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.trace import SpanKind

from bp_kit.errors import Refused
from bp_kit.measures import count_call
from bp_kit.rpc.methods import Method
from bp_kit.telemetry import span


class Outcome:
    """How a call ended: OK, or the reason that its caller is told."""

    word = "OK"

    def of(self, error: Exception) -> None:
        """Notes that it ended with an error."""
        self.word = error.reason if isinstance(error, Refused) else "UNSPECIFIED"


@contextmanager
def counted(method: Method, *, timed: bool = True) -> Iterator[Outcome]:
    """Counts what ends by itself; whose caller left is not counted. How long a stream lasts says nothing."""
    outcome, begun = Outcome(), time.monotonic()
    yield outcome
    count_call(method.service, method.path[1:], outcome.word, time.monotonic() - begun if timed else None)


@contextmanager
def served(method: Method, metadata: dict[str, str]) -> Iterator[Outcome]:
    """Counts it, within a span that goes on with the caller's trace."""
    with (
        span(
            method.path[1:],
            scope=f"bp_{method.service}",
            traceparent=metadata.get("traceparent", ""),
            kind=SpanKind.SERVER,
        ),
        counted(method) as outcome,
    ):
        yield outcome
