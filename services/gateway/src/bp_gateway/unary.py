"""One message in, one out: JSON, or a small file where the answer is an HttpBody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bp_gateway.again import AnswersAgain
from bp_gateway.calls import Caller, Channels
from bp_gateway.exchange import Exchange, HeaderList
from bp_gateway.metadata import Metadata, deadline_of, metadata_of
from bp_gateway.requests import RequestReader
from bp_gateway.settings import GatewaySettings
from bp_gateway.surface import Binding
from bp_gateway.transcode import encoder_of
from bp_gateway.transcode.encoding import to_json
from bp_gateway.waiting import Waiting

JSON = b"application/json"
NO_STORE: HeaderList = [(b"cache-control", b"no-store")]


@dataclass(frozen=True)
class Asked:
    """A call that has not been made yet.

    Attributes:
        call: The RPC.
        request: Its message.
        metadata: Goes with it.
        timeout: Seconds that it may take.
    """

    call: Callable[..., Any]
    request: Any
    metadata: Metadata
    timeout: float

    async def answer(self) -> Any:
        """Makes the call.

        Raises:
            grpc.RpcError: The service refuses or fails.
        """
        return await self.call(self.request, timeout=self.timeout, metadata=self.metadata)


class _Calling:
    """Makes the RPC's request of an HTTP request and calls it.

    Args:
        binding: Which.
        channels: Where services are.
        settings: Limits and deadlines.
    """

    def __init__(self, binding: Binding, channels: Channels, settings: GatewaySettings) -> None:
        self._reader = RequestReader(binding)
        self._caller = Caller(binding, channels, settings)
        self._settings = settings

    async def called(self, exchange: Exchange) -> Any:
        """Returns the RPC's answer.

        Raises:
            Refused: The request cannot be read.
            grpc.RpcError: The service refuses or fails.
        """
        return await (await self.asked(exchange)).answer()

    async def asked(self, exchange: Exchange) -> Asked:
        """Returns the call that an HTTP request asks for.

        Raises:
            Refused: The request cannot be read.
        """
        headers = exchange.headers
        metadata = metadata_of(headers, exchange.traceparent)
        timeout = deadline_of(headers, self._settings)
        call = self._caller.to(exchange)
        body = (
            await exchange.body(self._settings.body_bytes, self._settings.body_seconds)
            if self._reader.takes_body
            else b""
        )
        request = self._reader.read(exchange.segments, exchange.scope["query_string"], headers, body)
        return Asked(call, request, metadata, timeout)


class UnaryEndpoint(_Calling):
    """Answers requests of one binding with JSON."""

    def __init__(self, binding: Binding, channels: Channels, settings: GatewaySettings) -> None:
        super().__init__(binding, channels, settings)
        self._encode = encoder_of(binding.method.output_type)
        self._has_etag = "etag" in binding.method.output_type.fields_by_name
        self._cacheable = binding.verb == "GET"
        self._again = AnswersAgain(binding.again_seconds) if binding.again_seconds else None

    async def answer(self, exchange: Exchange) -> None:
        """Calls the RPC and sends its answer.

        Raises:
            Refused: The request cannot be read.
            grpc.RpcError: The service refuses or fails.
        """
        response, told = await self._answered(exchange)
        await self._tell(exchange, response, told)

    async def _tell(self, exchange: Exchange, response: Any, told: HeaderList) -> None:
        etag = _quoted(response.etag) if self._has_etag else b""
        if not etag:
            await exchange.reply(200, to_json(self._encode(response)), JSON, [*NO_STORE, *told])
        elif self._cacheable and _is_known(etag, exchange.headers):
            await exchange.start(304, [(b"etag", etag), (b"cache-control", b"private, no-cache"), *told])
            await exchange.write(b"", more=False)
        else:
            own = [(b"etag", etag), (b"cache-control", b"private, no-cache"), *told]
            await exchange.reply(200, to_json(self._encode(response)), JSON, own)

    async def _answered(self, exchange: Exchange) -> tuple[Any, HeaderList]:
        """Returns the answer and the headers that say how old it is; none of one that was given now."""
        if self._again is None:
            return await self.called(exchange), []
        try:
            response = await self.called(exchange)
        except Exception as error:
            again = self._again.after(error, exchange)
            if again is None:
                raise
            return again
        self._again.keep(exchange, response)
        return response, []


class WaitingEndpoint(UnaryEndpoint):
    """As UnaryEndpoint, for calls that may wait while their service cannot be reached.

    Args:
        binding: Which.
        channels: Where services are.
        settings: Limits and deadlines.
        waiting: Keeps them.
    """

    def __init__(self, binding: Binding, channels: Channels, settings: GatewaySettings, waiting: Waiting) -> None:
        super().__init__(binding, channels, settings)
        self._waiting = waiting

    async def answer(self, exchange: Exchange) -> None:
        """Calls the RPC and sends its answer, or keeps the call.

        Raises:
            Refused: The request cannot be read, or the call cannot be kept either.
            grpc.RpcError: The service refuses or fails.
        """
        asked = await self.asked(exchange)
        if await self._waiting.first_behind(exchange, asked):
            return
        try:
            response = await asked.answer()
        except Exception as error:
            if await self._waiting.after(error, exchange, asked):
                return
            raise
        await self._tell(exchange, response, [])


class FileEndpoint(_Calling):
    """Answers requests of one binding with the HttpBody that its RPC gives."""

    async def answer(self, exchange: Exchange) -> None:
        """Calls the RPC and sends its file.

        Raises:
            Refused: The request cannot be read.
            grpc.RpcError: The service refuses or fails.
        """
        response = await self.called(exchange)
        await exchange.reply(200, response.data, media_type(response.content_type), NO_STORE)


def media_type(text: str) -> bytes:
    """Returns a media type as a header's value; of a broken one, the type of unknown bytes."""
    fits = "/" in text and text.isascii() and text.isprintable()
    return text.encode() if fits else b"application/octet-stream"


def _quoted(etag: str) -> bytes:
    if not etag or not etag.isascii() or not etag.isprintable():
        return b""
    return (etag if etag.endswith('"') else f'"{etag}"').encode()


def _is_known(etag: bytes, headers: dict[bytes, bytes]) -> bool:
    condition = headers.get(b"if-none-match")
    if condition is None:
        return False
    known = [one.strip().removeprefix(b"W/") for one in condition.split(b",")]
    return etag in known or known == [b"*"]
