"""A caller that knows both places of a service finds it at once, and nobody has to tell it when the service moves.

A place where the service does not stand refuses every call with STANDS_ELSEWHERE, before anything is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2

from bp_kit.rpc.status import DETAILS_KEY

ELSEWHERE = "STANDS_ELSEWHERE"


def stands_elsewhere(error: BaseException) -> bool:
    """Tells whether a call was refused because the service does not stand where it was called."""
    return isinstance(error, grpc.RpcError) and _says_elsewhere(error.trailing_metadata())


def _says_elsewhere(trailing: Any) -> bool:
    for key, value in trailing or ():
        if key == DETAILS_KEY:
            info = error_details_pb2.ErrorInfo()
            details = status_pb2.Status.FromString(value).details
            return any(one.Is(info.DESCRIPTOR) and one.Unpack(info) and info.reason == ELSEWHERE for one in details)
    return False


class FollowingChannel:
    """A channel to a service that has two places.

    Args:
        channels: To the place that it was last known at, and to the other.
    """

    def __init__(self, *channels: grpc.aio.Channel) -> None:
        self._channels = channels
        self._at = 0
        self._heeding: set[asyncio.Task[None]] = set()

    def unary_unary(self, path: str, **serializers: Any) -> Callable[..., Any]:
        """Returns a method that is asked at the other place, too, before its caller hears that the service is not here."""
        return lambda *request, **options: _Asked(self, path, serializers, request, options)

    def unary_stream(self, path: str, **serializers: Any) -> Callable[..., Any]:
        """Returns a method; a stream that is sent away finds its way when it is opened again."""
        return self._following("unary_stream", path, serializers)

    def stream_unary(self, path: str, **serializers: Any) -> Callable[..., Any]:
        """Returns a method; an upload that is sent away finds its way when it is sent again."""
        return self._following("stream_unary", path, serializers)

    async def close(self) -> None:
        """Closes both channels."""
        for channel in self._channels:
            await channel.close()

    def method(self, kind: str, path: str, serializers: dict[str, Any]) -> tuple[int, Any]:
        """Returns which place is asked, and the method there."""
        return self._at, getattr(self._channels[self._at], kind)(path, **serializers)

    def turn_from(self, at: int) -> None:
        """Takes the other place for the one from now on."""
        if self._at == at:
            self._at = (at + 1) % len(self._channels)

    def _following(self, kind: str, path: str, serializers: dict[str, Any]) -> Callable[..., Any]:
        def call(*request: Any, **options: Any) -> Any:
            at, method = self.method(kind, path, serializers)
            made = method(*request, **options)
            made.add_done_callback(lambda _: self._heed(at, made))
            return made

        return call

    def _heed(self, at: int, call: Any) -> None:
        async def heed() -> None:
            if _says_elsewhere(await call.trailing_metadata()):
                self.turn_from(at)

        task = asyncio.get_running_loop().create_task(heed())
        self._heeding.add(task)
        task.add_done_callback(self._heeding.discard)


class _Asked:
    """A call with one response."""

    def __init__(
        self, placed: FollowingChannel, path: str, serializers: dict[str, Any], request: tuple[Any, ...], options: Any
    ) -> None:
        self._placed, self._path, self._serializers = placed, path, serializers
        self._request, self._options = request, options
        self._call: Any = None

    def __await__(self) -> Generator[Any, None, Any]:
        return self._run().__await__()

    async def _run(self) -> Any:
        at = self._begin()
        try:
            return await self._call
        except grpc.RpcError as error:
            if not stands_elsewhere(error):
                raise
        self._placed.turn_from(at)
        self._begin()
        return await self._call

    def _begin(self) -> int:
        at, method = self._placed.method("unary_unary", self._path, self._serializers)
        self._call = method(*self._request, **self._options)
        return at

    async def initial_metadata(self) -> Any:
        return await self._call.initial_metadata()

    async def trailing_metadata(self) -> Any:
        return await self._call.trailing_metadata()
