"""Server streams of HttpBody as files: each chunk goes on as it comes, never the whole in memory."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from bp_gateway.calls import Caller, Channels
from bp_gateway.exchange import Exchange, HeaderList
from bp_gateway.metadata import metadata_of
from bp_gateway.requests import RequestReader
from bp_gateway.settings import GatewaySettings
from bp_gateway.streams import Responses
from bp_gateway.surface import Binding
from bp_gateway.unary import media_type

# What a service may say about its file in the call's initial metadata. gRPC drops a `content-length` there.
FILE_NAME = "file-name"
FILE_SIZE = "file-size"


class DownloadEndpoint:
    """Answers requests of one binding with a file.

    Args:
        binding: Which.
        channels: Where services are.
        settings: Limits and deadlines.
    """

    def __init__(self, binding: Binding, channels: Channels, settings: GatewaySettings) -> None:
        self._reader = RequestReader(binding)
        self._caller = Caller(binding, channels, settings)
        self._settings = settings

    async def answer(self, exchange: Exchange) -> None:
        """Calls the RPC and sends its chunks.

        Raises:
            Refused: The request cannot be read.
            grpc.RpcError: The service refuses, or fails midway: the connection then breaks, so that no client takes a part for the whole.
            ClientGoneError: The client left.
        """
        request = self._reader.read(exchange.segments, exchange.scope["query_string"], exchange.headers, b"")
        metadata = metadata_of(exchange.headers, exchange.traceparent)
        await exchange.body(self._settings.body_bytes, self._settings.body_seconds)
        call = self._caller.to(exchange)(request, timeout=self._settings.transfer_seconds, metadata=metadata)
        async with Responses(call, exchange) as responses:
            chunk = await _next(responses)
            told = {key: value for key, value in await call.initial_metadata() or () if isinstance(value, str)}
            await exchange.start(200, _headers(chunk, told, exchange.segments))
            while chunk is not None:
                await exchange.write(chunk.data)
                chunk = await _next(responses)
            await exchange.write(b"", more=False)


async def _next(responses: Responses) -> Any:
    try:
        return await responses.next()
    except StopAsyncIteration:
        return None


def _headers(chunk: Any, told: dict[str, str], segments: list[str]) -> HeaderList:
    name = told.get(FILE_NAME) or segments[-1]
    headers = [
        (b"content-type", media_type(chunk.content_type if chunk else "")),
        # RFC 6266: the plain name for old clients, the encoded one for the rest. Never shown in the page: what people upload is not ours.
        (b"content-disposition", _disposition(name)),
        (b"cache-control", b"no-store"),
    ]
    length = told.get(FILE_SIZE, "")
    if length.isascii() and length.isdigit():
        headers.append((b"content-length", length.encode()))
    return headers


def _disposition(name: str) -> bytes:
    plain = "".join(letter if (letter.isalnum() and letter.isascii()) or letter in "-_. " else "_" for letter in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}".encode()
