"""One HTTP request being answered: what was asked, and how to answer it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from bp_kit.errors import Refused

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
HeaderList = list[tuple[bytes, bytes]]


class ClientGoneError(Exception):
    """The client closed the connection before it was answered."""


class Exchange:
    """A request and its response.

    Attributes:
        headers: The request's, by lower-case name; of a repeated one the last.
        constant: Headers that every response has.
        segments: The path's decoded segments.
        traceparent: The gateway's span as W3C writes it.
        status: The response's status once it has begun; 0 before.
    """

    __slots__ = ("_send", "constant", "headers", "receive", "scope", "segments", "status", "traceparent")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self._send = send
        self.constant: HeaderList = []
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.segments: list[str] = []
        self.traceparent = ""
        self.status = 0

    @property
    def trace_id(self) -> str:
        """The trace's id in 32 hexadecimal digits."""
        return self.traceparent[3:35]

    def trace(self, traceparent: str) -> None:
        """Takes the gateway's span; the response names its trace."""
        self.traceparent = traceparent
        self.constant = [*self.constant, (b"x-trace-id", self.trace_id.encode())]

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Sends an ASGI message of one of the gateway's own routes, with the headers that every response has."""
        if message["type"] == "http.response.start":
            await self.start(message["status"], message["headers"])
        else:
            await self._send(message)

    async def start(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Sends the response's status and headers."""
        self.status = status
        await self._send({"type": "http.response.start", "status": status, "headers": [*headers, *self.constant]})

    async def write(self, body: bytes, *, more: bool = True) -> None:
        """Sends a piece of the response's body; waits while the client reads slower than we write."""
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def reply(self, status: int, body: bytes, media_type: bytes, headers: HeaderList | None = None) -> None:
        """Sends a whole response."""
        own = [(b"content-type", media_type), (b"content-length", str(len(body)).encode()), *(headers or ())]
        await self.start(status, own)
        await self.write(body, more=False)

    async def body(self, limit: int, within: float) -> bytes:
        """Returns the request's body.

        Args:
            limit: Its greatest size in bytes.
            within: Seconds that it may take to arrive.

        Raises:
            Refused: BODY_TOO_LARGE, DEADLINE_EXCEEDED.
            ClientGoneError: It ended before the body did.
        """
        try:
            async with asyncio.timeout(within):
                pieces = [piece async for piece in self.pieces(limit)]
        except TimeoutError:
            raise Refused("DEADLINE_EXCEEDED") from None
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def pieces(self, limit: int) -> AsyncIterator[bytes]:
        """Yields the request's body as it arrives; no more than one piece is held.

        Raises:
            Refused: BODY_TOO_LARGE.
            ClientGoneError: It ended before the body did.
        """
        announced = self.headers.get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > limit:
            raise Refused("BODY_TOO_LARGE", limit=limit)
        size = 0
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            piece = message.get("body", b"")
            size += len(piece)
            if size > limit:
                raise Refused("BODY_TOO_LARGE", limit=limit)
            if piece:
                yield piece
            if not message.get("more_body", False):
                return

    async def gone(self) -> None:
        """Returns when the client has closed the connection; call after the body was read."""
        while (await self.receive())["type"] != "http.disconnect":
            pass
