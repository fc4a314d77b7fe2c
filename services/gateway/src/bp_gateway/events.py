"""Server streams as server-sent events (WHATWG HTML, 9.2): id, data, and comments while nothing happens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from bp_gateway.calls import Caller, Channels
from bp_gateway.exchange import ClientGoneError, Exchange
from bp_gateway.metadata import metadata_of
from bp_gateway.problems import Problem
from bp_gateway.requests import RequestReader
from bp_gateway.settings import GatewaySettings
from bp_gateway.streams import Responses
from bp_gateway.surface import Binding
from bp_gateway.transcode import encoder_of
from bp_gateway.transcode.encoding import to_json

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
_COMMENT = b":\n\n"
# The first of these that a response has becomes the event's id, which the client sends back as Last-Event-ID.
_ID_FIELDS = ("event_id", "name")
# How long a stream may stay silent before its headers go out; a refusal comes sooner and keeps its HTTP status.
_OPENING_SECONDS = 1.0


class EventsEndpoint:
    """Answers requests of one binding with an event stream.

    Args:
        binding: Which.
        channels: Where services are.
        settings: Heartbeat and greatest age.
        tell: Turns an error into a problem, for errors after the stream began.
    """

    def __init__(
        self,
        binding: Binding,
        channels: Channels,
        settings: GatewaySettings,
        tell: Callable[[Exception, Exchange], Problem],
    ) -> None:
        self._reader = RequestReader(binding)
        self._caller = Caller(binding, channels, settings)
        self._settings = settings
        self._tell = tell
        self._encode = encoder_of(binding.method.output_type)
        self._id_of = _id_reader(binding)

    async def answer(self, exchange: Exchange) -> None:
        """Calls the RPC and sends its responses until the stream, its age or the client ends.

        Raises:
            Refused: The request cannot be read.
            grpc.RpcError: The service refuses before the first event.
            ClientGoneError: The client left.
        """
        request = self._reader.read(exchange.segments, exchange.scope["query_string"], exchange.headers, b"")
        metadata = metadata_of(exchange.headers, exchange.traceparent)
        await exchange.body(self._settings.body_bytes, self._settings.body_seconds)
        call = self._caller.to(exchange)(request, metadata=metadata)
        async with Responses(call, exchange) as responses:
            try:
                async with asyncio.timeout(self._settings.stream_seconds):
                    await self._pass_on(responses, exchange)
            except (StopAsyncIteration, TimeoutError):
                await self._begin(exchange)
                await exchange.write(b"", more=False)

    async def _pass_on(self, responses: Responses, exchange: Exchange) -> None:
        response = await responses.next(_OPENING_SECONDS)
        await self._begin(exchange)
        try:
            while True:
                await exchange.write(_COMMENT if response is None else self._event(response))
                response = await responses.next(self._settings.heartbeat_seconds)
        except (StopAsyncIteration, ClientGoneError):
            raise
        except Exception as error:  # noqa: BLE001 - the stream tells its client of any
            problem = self._tell(error, exchange)
            await exchange.write(b"event: error\ndata: " + problem.body + b"\n\n")
            raise StopAsyncIteration from None

    async def _begin(self, exchange: Exchange) -> None:
        if not exchange.status:
            await exchange.start(200, _HEADERS)

    def _event(self, response: Any) -> bytes:
        data = b"data: " + to_json(self._encode(response)) + b"\n\n"
        event_id = self._id_of(response)
        return b"id: " + event_id.encode() + b"\n" + data if event_id else data


def _id_reader(binding: Binding) -> Callable[[Any], str]:
    fields = binding.method.output_type.fields_by_name
    for name in _ID_FIELDS:
        if name in fields and fields[name].type == FieldDescriptor.TYPE_STRING:
            return lambda response: _one_line(getattr(response, name))
    return lambda _response: ""


def _one_line(text: str) -> str:
    return text if text.isprintable() else ""


Answer = Callable[[Exchange], Awaitable[None]]
