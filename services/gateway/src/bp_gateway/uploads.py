"""Files as client streams: the request's body goes on in pieces as it arrives, never the whole in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from bp_gateway.calls import Caller, Channels
from bp_gateway.exchange import Exchange
from bp_gateway.metadata import metadata_of
from bp_gateway.requests import RequestReader
from bp_gateway.settings import GatewaySettings
from bp_gateway.surface import Binding
from bp_gateway.transcode import encoder_of
from bp_gateway.transcode.encoding import to_json
from bp_gateway.unary import JSON, NO_STORE

_PIECE_BYTES = 256 * 1024


class UploadEndpoint:
    """Answers requests of one binding by passing their body on.

    Args:
        binding: Which.
        channels: Where services are.
        settings: Limits and deadlines.
    """

    def __init__(self, binding: Binding, channels: Channels, settings: GatewaySettings) -> None:
        self._reader = RequestReader(binding)
        self._new = binding.new_request
        self._content = binding.body
        self._caller = Caller(binding, channels, settings)
        self._settings = settings
        self._encode = encoder_of(binding.method.output_type)

    async def answer(self, exchange: Exchange) -> None:
        """Streams the body to the RPC and sends its answer.

        Raises:
            Refused: The request cannot be read, or is too large.
            grpc.RpcError: The service refuses or fails.
            ClientGoneError: The client left before the end; the service then sees a cancelled call and keeps nothing.
        """
        first = self._reader.read(exchange.segments, exchange.scope["query_string"], exchange.headers, b"")
        getattr(first, self._content).content_type = _content_type(exchange)
        metadata = metadata_of(exchange.headers, exchange.traceparent)
        messages = _Messages(self._messages(first, exchange))
        call = self._caller.to(exchange)(messages, timeout=self._settings.transfer_seconds, metadata=metadata)
        try:
            response = await call
        except (asyncio.CancelledError, Exception):
            # A failure of our own side of the stream reaches us as a cancelled call; the client needs the cause.
            if messages.failure:
                raise messages.failure from None
            raise
        await exchange.reply(200, to_json(self._encode(response)), JSON, NO_STORE)

    async def _messages(self, first: Any, exchange: Exchange) -> AsyncIterator[Any]:
        message = first
        async for piece in exchange.pieces(self._settings.upload_bytes):
            for start in range(0, len(piece), _PIECE_BYTES):
                getattr(message, self._content).data = piece[start : start + _PIECE_BYTES]
                yield message
                message = self._new()
        if message is first:
            yield message


class _Messages:
    """An iterator that remembers what broke it."""

    def __init__(self, messages: AsyncIterator[Any]) -> None:
        self._messages = messages
        self.failure: Exception | None = None

    def __aiter__(self) -> _Messages:
        return self

    async def __anext__(self) -> Any:
        try:
            return await anext(self._messages)
        except StopAsyncIteration:
            raise
        except Exception as error:
            self.failure = error
            raise


def _content_type(exchange: Exchange) -> str:
    sent = exchange.headers.get(b"content-type", b"").decode("latin-1")
    fits = "/" in sent and sent.isascii() and sent.isprintable() and len(sent) <= 200  # noqa: PLR2004 - as RFC 6838 advises
    return sent if fits else "application/octet-stream"
