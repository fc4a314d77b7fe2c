"""A gateway as a `grpc.aio.Channel`, as far as generated stubs use one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Generator, Iterable
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


class AsyncRestChannel:
    """Calls the methods of a gateway. Generated stubs take it where they take a `grpc.aio.Channel`.

    Args:
        http: Knows the gateway's address.
        session: Whose tokens.
        manner: Time-out and headers of each call.
    """

    def __init__(self, http: httpx2.AsyncClient, session: Session, manner: Manner | None = None) -> None:
        self._http = http
        self._session = session
        self._manner = manner or Manner()
        self._lock = asyncio.Lock()

    def asking(self, manner: Manner) -> AsyncRestChannel:
        """Returns a channel with the same session and connections that calls in another manner."""
        other = AsyncRestChannel(self._http, self._session, manner)
        other._lock = self._lock
        return other

    def unary_unary(self, path: str, *_: Any, **__: Any) -> Callable[..., UnaryCall]:
        """Returns the multi-callable that a generated stub keeps."""

        def call(request: Any, timeout: float | None = None, metadata: Pairs | None = None, **_: Any) -> UnaryCall:
            async def run() -> tuple[Any, HttpReply]:
                method = rest_method(path)
                reply = await self.run(request_of(method, request, self.manner, metadata, timeout), method)
                return read_reply(method, reply), reply

            return UnaryCall(run)

        return call

    def unary_stream(self, path: str, *_: Any, **__: Any) -> Callable[..., AsyncStream]:
        """Returns the multi-callable that a generated stub keeps."""

        def call(request: Any, timeout: float | None = None, metadata: Pairs | None = None, **_: Any) -> AsyncStream:
            return AsyncStream(self, path, request, metadata, timeout)

        return call

    def stream_unary(self, path: str, *_: Any, **__: Any) -> Callable[..., UnaryCall]:
        """Returns the multi-callable that a generated stub keeps."""

        def call(
            requests: AsyncIterable[Any] | Iterable[Any],
            timeout: float | None = None,
            metadata: Pairs | None = None,
            **_: Any,
        ) -> UnaryCall:
            async def run() -> tuple[Any, HttpReply]:
                method = rest_method(path)
                messages = _iterate(requests)
                first = await anext(messages)

                async def content() -> AsyncIterator[bytes]:
                    yield method.content(first).data
                    async for message in messages:
                        yield method.content(message).data

                request = upload_of(method, first, content(), self.manner, metadata, timeout)
                reply = await self.run(request, method)
                return read_reply(method, reply), reply

            return UnaryCall(run)

        return call

    def stream_stream(self, path: str, *_: Any, **__: Any) -> Callable[..., Any]:
        """Links between nodes are the only streams both ways; no gateway serves them."""
        return lambda *_, **__: rest_method(path)

    @property
    def manner(self) -> Manner:
        """How its calls are made."""
        return self._manner

    async def run(self, request: HttpRequest, method: RestMethod) -> HttpReply:
        """Makes one call.

        Raises:
            Problem: The gateway refused, or could not be reached.
        """
        reply: HttpReply = await self.drive(call_flow(self._session, request, public=method.public))
        return reply

    async def drive(self, flow: Flow) -> Any:
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
                outcome = await self._perform(step)
            except Exception as error:  # noqa: BLE001 - the flow decides what it means
                outcome, resume = error, flow.throw

    async def _perform(self, step: Step) -> Any:
        if isinstance(step, Send):
            return await self._send(step.request)
        if isinstance(step, Pause):
            return await asyncio.sleep(step.seconds)
        assert isinstance(step, Locked)
        async with self._lock:
            return await self.drive(step.flow)

    async def _send(self, request: HttpRequest) -> HttpReply:
        try:
            response = await self._http.send(httpx_request(self._http, request), stream=True)
            headers = {key.lower(): value for key, value in response.headers.items()}
            if request.stream and response.is_success:
                return HttpReply(response.status_code, headers, open=response)
            try:
                return HttpReply(response.status_code, headers, await response.aread())
            finally:
                await response.aclose()
        except httpx2.TransportError as error:
            raise unreachable(error) from None


async def _iterate(requests: AsyncIterable[Any] | Iterable[Any]) -> AsyncIterator[Any]:
    if isinstance(requests, AsyncIterable):
        async for request in requests:
            yield request
    else:
        for request in requests:
            yield request


class UnaryCall:
    """A call with one response: await it."""

    def __init__(self, run: Callable[[], Any]) -> None:
        self._run = run
        self._reply: HttpReply | None = None

    def __await__(self) -> Generator[Any, None, Any]:
        return self._answer().__await__()

    async def _answer(self) -> Any:
        response, self._reply = await self._run()
        return response

    async def initial_metadata(self) -> tuple[tuple[str, str], ...]:
        """Returns the response's headers: `x-trace-id`, `etag`; empty before it was awaited."""
        return tuple(self._reply.headers.items()) if self._reply else ()


class AsyncStream:
    """A stream of responses: events, or the pieces of a file.

    Attributes:
        last_event_id: Of the last event seen; send it back as metadata `last-event-id` to go on from there.
    """

    def __init__(
        self, channel: AsyncRestChannel, path: str, request: Any, metadata: Pairs | None, timeout: float | None
    ) -> None:
        self._channel = channel
        self._method = rest_method(path)
        self._request = stream_of(self._method, request, channel.manner, metadata, timeout)
        self._messages = self._run()
        self.last_event_id = ""

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._messages

    async def __anext__(self) -> Any:
        return await anext(self._messages)

    async def aclose(self) -> None:
        """Closes the connection; nothing more comes."""
        await self._messages.aclose()

    async def _run(self) -> AsyncGenerator[Any]:
        reply = await self._channel.run(self._request, self._method)
        try:
            if self._method.kind is Kind.EVENTS:
                async for event in httpx2.EventSource(reply.open):
                    self.last_event_id = event.id
                    yield read_event(self._method, event)
            else:
                # Closed before its reply is, also when whoever reads breaks off.
                async with contextlib.aclosing(reply.open.aiter_bytes()) as pieces:
                    async for piece in pieces:
                        yield self._method.read(piece, reply.headers.get("content-type", ""))
        except httpx2.TransportError as error:
            raise broken(error) from None
        finally:
            await reply.open.aclose()
