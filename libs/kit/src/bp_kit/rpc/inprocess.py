"""A channel without a socket, for an embedded node: the same stubs, the same wrapped handlers, messages passed as they are.

Generated stubs take it where they take a `grpc.aio.Channel`. Callers must not change a message after they sent it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Generator, Iterable, Mapping
from typing import Any, Self

import grpc
from grpc.aio import AioRpcError, Metadata

from bp_kit.telemetry import current_traceparent

Pairs = Iterable[tuple[str, Any]]


class _AbortError(Exception):
    """Ends a handler, as grpc.aio's own AbortError does."""


class _Context:
    """The part of `grpc.aio.ServicerContext` that servicers and the pipeline use."""

    def __init__(self, metadata: tuple[tuple[str, Any], ...]) -> None:
        self._metadata = metadata
        self.initial: Pairs = ()
        self.trailing: Pairs = ()
        self.status: Any = None

    def invocation_metadata(self) -> tuple[tuple[str, Any], ...]:
        return self._metadata

    async def send_initial_metadata(self, metadata: Pairs) -> None:
        self.initial = metadata

    def set_trailing_metadata(self, metadata: Pairs) -> None:
        self.trailing = metadata

    def peer(self) -> str:
        return "inprocess"

    async def abort_with_status(self, status: Any) -> None:
        self.status = status
        raise _AbortError

    async def abort(self, code: grpc.StatusCode, details: str = "", trailing_metadata: Pairs = ()) -> None:
        self.status = _Status(code, details, tuple(trailing_metadata))
        raise _AbortError

    def error(self) -> AioRpcError:
        trailing = Metadata(*self.trailing, *self.status.trailing_metadata)
        return AioRpcError(self.status.code, Metadata(*self.initial), trailing, details=self.status.details)


class _Status:
    def __init__(self, code: grpc.StatusCode, details: str, trailing_metadata: tuple[Any, ...]) -> None:
        self.code, self.details, self.trailing_metadata = code, details, trailing_metadata


class _Call:
    """What a stub's method returns; the part of grpc.aio's calls that callers use."""

    def __init__(self, metadata: Pairs | None, timeout: float | None) -> None:
        pairs = tuple(metadata or ())
        if not any(key == "traceparent" for key, _ in pairs) and (parent := current_traceparent()):
            pairs += (("traceparent", parent),)
        self._context = _Context(pairs)
        self._timeout = timeout

    async def initial_metadata(self) -> Metadata:
        return Metadata(*self._context.initial)

    async def trailing_metadata(self) -> Metadata:
        return Metadata(*self._context.trailing)

    def _timed_out(self) -> AioRpcError:
        return AioRpcError(grpc.StatusCode.DEADLINE_EXCEEDED, Metadata(), Metadata(), details="the deadline has passed")


class _SingleCall(_Call):
    """A call with one response."""

    def __init__(
        self, behaviour: Callable[..., Any], request: Any, metadata: Pairs | None, timeout: float | None
    ) -> None:
        super().__init__(metadata, timeout)
        self._behaviour = behaviour
        self._request = request

    def __await__(self) -> Generator[Any, None, Any]:
        return self._run().__await__()

    async def _run(self) -> Any:
        try:
            if self._timeout is None:
                return await self._behaviour(self._request, self._context)
            async with asyncio.timeout(self._timeout):
                return await self._behaviour(self._request, self._context)
        except _AbortError:
            raise self._context.error() from None
        except TimeoutError:
            raise self._timed_out() from None


class _StreamCall(_Call):
    """A call with a stream of responses."""

    def __init__(
        self, behaviour: Callable[..., Any], request: Any, metadata: Pairs | None, timeout: float | None
    ) -> None:
        super().__init__(metadata, timeout)
        self._responses: AsyncIterator[Any] = behaviour(request, self._context)

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._run()

    async def _run(self) -> AsyncIterator[Any]:
        try:
            async for response in self._responses:
                yield response
        except _AbortError:
            raise self._context.error() from None
        finally:
            await self._responses.aclose()  # type: ignore[attr-defined] # it is an async generator

    def cancel(self) -> bool:
        return False


async def _iterate(requests: AsyncIterable[Any] | Iterable[Any]) -> AsyncIterator[Any]:
    if isinstance(requests, AsyncIterable):
        async for request in requests:
            yield request
    else:
        for request in requests:
            yield request


class InProcessChannel:
    """A channel to the handlers of this process.

    Args:
        handlers: Wrapped handlers by gRPC path; may grow while services are being built.
    """

    def __init__(self, handlers: Mapping[str, Any]) -> None:
        self._handlers = handlers

    def unary_unary(self, path: str, *_: Any, **__: Any) -> Callable[..., _SingleCall]:
        """Returns the multi-callable that a generated stub keeps."""

        def call(request: Any, *, timeout: float | None = None, metadata: Pairs | None = None, **_: Any) -> _SingleCall:
            return _SingleCall(self._handler(path).unary_unary, request, metadata, timeout)

        return call

    def unary_stream(self, path: str, *_: Any, **__: Any) -> Callable[..., _StreamCall]:
        """Returns the multi-callable that a generated stub keeps."""

        def call(request: Any, *, timeout: float | None = None, metadata: Pairs | None = None, **_: Any) -> _StreamCall:
            return _StreamCall(self._handler(path).unary_stream, request, metadata, timeout)

        return call

    def stream_unary(self, path: str, *_: Any, **__: Any) -> Callable[..., _SingleCall]:
        """Returns the multi-callable that a generated stub keeps."""

        def call(
            requests: Any, *, timeout: float | None = None, metadata: Pairs | None = None, **_: Any
        ) -> _SingleCall:
            return _SingleCall(self._handler(path).stream_unary, _iterate(requests), metadata, timeout)

        return call

    def stream_stream(self, path: str, *_: Any, **__: Any) -> Callable[..., Any]:
        """Links between nodes are the only streams both ways, and they always cross a socket."""

        def call(*_: Any, **__: Any) -> Any:
            raise NotImplementedError(path)

        return call

    def _handler(self, path: str) -> Any:
        handler = self._handlers.get(path)
        if handler is None:
            raise AioRpcError(grpc.StatusCode.UNIMPLEMENTED, Metadata(), Metadata(), details=f"{path} is not served")
        return handler

    async def close(self, grace: float | None = None) -> None:
        """Nothing to close."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None
