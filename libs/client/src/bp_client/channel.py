"""A gateway as a `grpc.Channel`, as far as generated stubs use one."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpx2

from bp_client.calls import (
    Manner,
    Pairs,
    broken,
    httpx_request,
    read_event,
    read_reply,
    request_of,
    stream_of,
    unreachable,
    upload_of,
)
from bp_client.flow import Flow, HttpReply, HttpRequest, Locked, Pause, Send, Step, call_flow
from bp_client.rest import Kind, RestMethod, rest_method
from bp_client.session import Session


class RestChannel:
    """Calls the methods of a gateway. Generated stubs take it where they take a `grpc.Channel`; threads may share it.

    Args:
        http: Knows the gateway's address.
        session: Whose tokens.
        manner: Time-out and headers of each call.
    """

    def __init__(self, http: httpx2.Client, session: Session, manner: Manner | None = None) -> None:
        self._http = http
        self._session = session
        self._manner = manner or Manner()
        self._lock = threading.RLock()

    def asking(self, manner: Manner) -> RestChannel:
        """Returns a channel with the same session and connections that calls in another manner."""
        other = RestChannel(self._http, self._session, manner)
        other._lock = self._lock
        return other

    def unary_unary(self, path: str, *_: Any, **__: Any) -> _UnaryCallable:
        """Returns the multi-callable that a generated stub keeps."""
        return _UnaryCallable(self, path)

    def unary_stream(self, path: str, *_: Any, **__: Any) -> Callable[..., Stream]:
        """Returns the multi-callable that a generated stub keeps."""

        def call(request: Any, timeout: float | None = None, metadata: Pairs | None = None, **_: Any) -> Stream:
            return Stream(self, path, request, metadata, timeout)

        return call

    def stream_unary(self, path: str, *_: Any, **__: Any) -> Callable[..., Any]:
        """Returns the multi-callable that a generated stub keeps."""

        def call(requests: Iterable[Any], timeout: float | None = None, metadata: Pairs | None = None, **_: Any) -> Any:
            method = rest_method(path)
            messages = iter(requests)
            first = next(messages)
            content = (method.content(one).data for one in itertools.chain((first,), messages))
            return read_reply(
                method, self.run(upload_of(method, first, content, self.manner, metadata, timeout), method)
            )

        return call

    def stream_stream(self, path: str, *_: Any, **__: Any) -> Callable[..., Any]:
        """Links between nodes are the only streams both ways; no gateway serves them."""
        return lambda *_, **__: rest_method(path)

    @property
    def manner(self) -> Manner:
        """How its calls are made."""
        return self._manner

    def run(self, request: HttpRequest, method: RestMethod) -> HttpReply:
        """Makes one call.

        Raises:
            Problem: The gateway refused, or could not be reached.
        """
        reply: HttpReply = self.drive(call_flow(self._session, request, public=method.public))
        return reply

    def drive(self, flow: Flow) -> Any:
        """Carries out a flow's steps and returns what it returns."""
        outcome: Any = None
        resume: Callable[[Any], Step] = flow.send
        while True:
            try:
                step = resume(outcome)
            except StopIteration as stop:
                return stop.value
            resume = flow.send
            try:
                outcome = self._perform(step)
            except Exception as error:  # noqa: BLE001 - the flow decides what it means
                outcome, resume = error, flow.throw

    def _perform(self, step: Step) -> Any:
        if isinstance(step, Send):
            return self._send(step.request)
        if isinstance(step, Pause):
            return time.sleep(step.seconds)
        assert isinstance(step, Locked)
        with self._lock:
            return self.drive(step.flow)

    def _send(self, request: HttpRequest) -> HttpReply:
        try:
            response = self._http.send(httpx_request(self._http, request), stream=True)
            headers = {key.lower(): value for key, value in response.headers.items()}
            if request.stream and response.is_success:
                return HttpReply(response.status_code, headers, open=response)
            try:
                return HttpReply(response.status_code, headers, response.read())
            finally:
                response.close()
        except httpx2.TransportError as error:
            raise unreachable(error) from None


class _UnaryCallable:
    """Calls one method."""

    def __init__(self, channel: RestChannel, path: str) -> None:
        self._channel = channel
        self._path = path

    def __call__(self, request: Any, timeout: float | None = None, metadata: Pairs | None = None, **_: Any) -> Any:
        return self.with_call(request, timeout, metadata)[0]

    def with_call(
        self, request: Any, timeout: float | None = None, metadata: Pairs | None = None, **_: Any
    ) -> tuple[Any, Answered]:
        """Returns the response and what else came with it."""
        method = rest_method(self._path)
        reply = self._channel.run(request_of(method, request, self._channel.manner, metadata, timeout), method)
        return read_reply(method, reply), Answered(reply)


class Answered:
    """What came with a response."""

    def __init__(self, reply: HttpReply) -> None:
        self._reply = reply

    def initial_metadata(self) -> tuple[tuple[str, str], ...]:
        """Returns the response's headers: `x-trace-id`, `etag`."""
        return tuple(self._reply.headers.items())


class Stream:
    """A stream of responses: events, or the pieces of a file.

    Attributes:
        last_event_id: Of the last event seen; send it back as metadata `last-event-id` to go on from there.
    """

    def __init__(
        self, channel: RestChannel, path: str, request: Any, metadata: Pairs | None, timeout: float | None
    ) -> None:
        self._channel = channel
        self._method = rest_method(path)
        self._request = stream_of(self._method, request, channel.manner, metadata, timeout)
        self._messages = self._run()
        self._response: httpx2.Response | None = None
        self.last_event_id = ""

    def __iter__(self) -> Iterator[Any]:
        return self._messages

    def __next__(self) -> Any:
        return next(self._messages)

    def cancel(self) -> bool:
        """Closes the connection; the iteration ends."""
        if self._response is not None:
            self._response.close()
        return True

    def _run(self) -> Iterator[Any]:
        reply = self._channel.run(self._request, self._method)
        self._response = reply.open
        try:
            if self._method.kind is Kind.EVENTS:
                for event in httpx2.EventSource(reply.open):
                    self.last_event_id = event.id
                    yield read_event(self._method, event)
            else:
                for piece in reply.open.iter_bytes():
                    yield self._method.read(piece, reply.headers.get("content-type", ""))
        except httpx2.TransportError as error:
            raise broken(error) from None
        finally:
            reply.open.close()
