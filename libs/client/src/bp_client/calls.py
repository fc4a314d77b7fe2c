"""What the sync and the async channel share: a stub's arguments as an HTTP request, and its outcome as messages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2

from bp_client.flow import HttpReply, HttpRequest, UnreachableError
from bp_client.problem import Problem, Queued, problem_of
from bp_client.rest import RestMethod

Pairs = Iterable[tuple[str, str | bytes]]
_MILLIS = 1000
_JSON = "application/json"
_ACCEPTED = 202


@dataclass(frozen=True)
class Manner:
    """How calls are made.

    Attributes:
        timeout: Seconds a call may take, where the caller sets none.
        headers: Sent with each call: language, purpose.
    """

    timeout: float = 30.0
    headers: Mapping[str, str] = field(default_factory=dict)


def request_of(
    method: RestMethod, message: Any, manner: Manner, metadata: Pairs | None, timeout: float | None
) -> HttpRequest:
    """Returns the HTTP request of a call with one request message.

    Raises:
        Problem: INVALID_FIELD: a name does not fit the method's path.
    """
    message = method.identified(message)
    written = method.write(message)
    headers = {**manner.headers, **{key.lower(): str(value) for key, value in metadata or ()}}
    if written.body is not None:
        headers["content-type"] = _JSON
    seconds = manner.timeout if timeout is None else timeout
    if timeout is not None:
        headers["x-deadline-ms"] = str(max(1, int(timeout * _MILLIS)))
    return HttpRequest(
        written.verb,
        written.path,
        written.query,
        headers,
        written.body,
        timeout=seconds,
        repeatable=written.verb in ("GET", "PUT", "DELETE") or method.has_request_id,
    )


def stream_of(
    method: RestMethod, message: Any, manner: Manner, metadata: Pairs | None, timeout: float | None
) -> HttpRequest:
    """Returns the HTTP request of a call that is answered with a stream."""
    request = request_of(method, message, manner, metadata, None)
    return replace(request, timeout=timeout, stream=True)


def upload_of(  # noqa: PLR0917 - as above, with the content
    method: RestMethod, first: Any, content: Any, manner: Manner, metadata: Pairs | None, timeout: float | None
) -> HttpRequest:
    """Returns the HTTP request of an upload whose first message is `first` and whose bytes come from `content`."""
    request = request_of(method, first, manner, metadata, None)
    media_type = method.content(first).content_type or "application/octet-stream"
    return replace(
        request,
        headers={**request.headers, "content-type": media_type},
        content=content,
        timeout=timeout or manner.timeout,
    )


def httpx_request(client: httpx2.Client | httpx2.AsyncClient, request: HttpRequest) -> httpx2.Request:
    """Returns the library's request."""
    timeout = httpx2.Timeout(request.timeout, connect=min(request.timeout or 10.0, 10.0))
    return client.build_request(
        request.verb,
        request.path,
        params=httpx2.QueryParams(tuple(request.query)) if request.query else None,
        headers=dict(request.headers),
        content=request.content,
        timeout=timeout,
    )


def unreachable(error: httpx2.TransportError) -> UnreachableError:
    """Returns what a flow is told when no response came. The text names no host, no path and no token."""
    not_sent = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)
    return UnreachableError(type(error).__name__, sent=not isinstance(error, not_sent))


def broken(error: httpx2.TransportError) -> Problem:
    """Returns the problem of a stream that broke."""
    return Problem(0, "UNAVAILABLE", f"The stream broke: {type(error).__name__}")


def read_reply(method: RestMethod, reply: HttpReply) -> Any:
    """Returns the response message.

    Raises:
        Queued: The gateway keeps the call for later.
    """
    if reply.status == _ACCEPTED:
        raise Queued(reply.body)
    return method.read(reply.body, reply.headers.get("content-type", ""))


def read_event(method: RestMethod, event: httpx2.ServerSentEvent) -> Any:
    """Returns the message of an event.

    Raises:
        Problem: The gateway tells of an error in the middle of the stream.
    """
    data = event.data.encode()
    if event.event == "error":
        raise problem_of(int(json.loads(data).get("status", 500)), data)
    return method.read(data)
