"""A call's course without any input or output: which requests are sent, what is waited for, when to give up.

The sync and the async channel carry out the same steps; everything that decides stands here once. A flow is a generator that yields
steps and gets their outcomes; it returns the response.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterable, Generator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bp_client.problem import Problem, problem_of
from bp_client.session import Session

_ATTEMPTS = 4
_FIRST_DELAY = 0.2
_MAX_DELAY = 5.0
# Longer than this nobody waits at a screen: the problem is told, with its retry_after.
_LONGEST_RETRY_AFTER = 30.0
_REFUSED = 400
_UNAUTHENTICATED = 401
_UNAVAILABLE = 503


@dataclass(frozen=True)
class HttpRequest:
    """One request to the gateway.

    Attributes:
        verb: HTTP method.
        path: Percent-encoded path.
        query: Parameters.
        headers: By lower-case name.
        content: The body: bytes, or pieces of an upload, which can be sent only once.
        timeout: Seconds between bytes; None waits for ever, as an event stream must.
        stream: Leave the response's body to be read by the caller.
        repeatable: A repeat has the same effect as one.
    """

    verb: str
    path: str
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | Iterable[bytes] | AsyncIterable[bytes] | None = None
    timeout: float | None = 30.0
    stream: bool = False
    repeatable: bool = True


@dataclass(frozen=True)
class HttpReply:
    """One response.

    Attributes:
        status: HTTP status.
        headers: By lower-case name.
        body: The whole body; empty while `open` has it.
        open: The library's response whose body is still to be read; for streams that were not refused.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    open: Any = None


class UnreachableError(Exception):
    """No response came.

    Attributes:
        sent: The request may have reached the gateway all the same.
    """

    def __init__(self, text: str, *, sent: bool) -> None:
        super().__init__(text)
        self.sent = sent


@dataclass(frozen=True)
class Send:
    """A step: send it. Its outcome is an HttpReply, or UnreachableError."""

    request: HttpRequest


@dataclass(frozen=True)
class Pause:
    """A step: wait that many seconds."""

    seconds: float


@dataclass(frozen=True)
class Locked:
    """A step: run the flow while no other call of this session runs one. Its outcome is what the flow returns."""

    flow: Flow


Step = Send | Pause | Locked
Flow = Generator[Step, Any, Any]


def call_flow(session: Session, request: HttpRequest, *, public: bool = False) -> Flow:
    """Makes one call: with a token that is in force, renewed once if refused, repeated while UNAVAILABLE (AIP-194).

    Args:
        session: Whose tokens.
        request: What to send; its headers go out as they are, with the token added.
        public: The method takes no token.

    Returns:
        The HttpReply.

    Raises:
        Problem: The gateway refused, or could not be reached.
    """
    renewed = False
    attempt = 0
    while True:
        attempt += 1
        token = "" if public else (yield from _token(session))
        sent = replace(request, headers={**request.headers, "authorization": f"Bearer {token}"}) if token else request
        try:
            reply: HttpReply = yield Send(sent)
        except UnreachableError as error:
            problem = Problem(0, "UNAVAILABLE", f"The gateway cannot be reached: {error}")
            again = not error.sent or request.repeatable
        else:
            if reply.status < _REFUSED:
                return reply
            problem = problem_of(reply.status, reply.body, reply.headers.get("retry-after", ""))
            if reply.status == _UNAUTHENTICATED and token and session.renewable and not renewed:
                renewed = True
                yield Locked(_renew(session, token))
                continue
            again = reply.status == _UNAVAILABLE
        if not again or attempt == _ATTEMPTS or not isinstance(request.content, bytes | None):
            raise problem
        delay = problem.retry_after or _backoff(attempt)
        if delay > _LONGEST_RETRY_AFTER:
            raise problem
        yield Pause(delay)


def _token(session: Session) -> Flow:
    if session.stale:
        yield Locked(_renew(session, session.access_token))
    return session.access_token


def _renew(session: Session, seen: str) -> Flow:
    """Gets new tokens, unless another call has got them while this one waited: a refresh token works once."""
    if session.access_token != seen:
        return
    renewal = session.renewal()
    request = HttpRequest(
        "POST", renewal.path, headers={"content-type": renewal.content_type, **renewal.headers}, content=renewal.body
    )
    reply = yield from call_flow(session, replace(request, repeatable=False), public=True)
    session.take(renewal.read(reply.body))


def _backoff(attempt: int) -> float:
    """Returns seconds: doubling, with full jitter, so that clients of a node that comes back do not come together."""
    return random.uniform(0.05, min(_MAX_DELAY, _FIRST_DELAY * 2**attempt))  # noqa: S311 - no secret
