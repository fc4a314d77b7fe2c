"""Serves the topic API to the other services of this node."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

from google.protobuf.empty_pb2 import Empty
from opentelemetry.trace import SpanKind

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.adapters.bells import woken
from bp_exchange.adapters.deliveries import DeliveryReader
from bp_exchange.adapters.envelopes import SqlEnvelopes
from bp_exchange.adapters.leases import subscription_of
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.api.exchange import Heard
from bp_exchange.api.reads import ReadServicer
from bp_exchange.usecases import bells
from bp_exchange.usecases.delivering import acknowledge, report
from bp_exchange.usecases.drafting import FileKey, Route
from bp_exchange.usecases.erasing import erase
from bp_exchange.usecases.sending import find_sent, route_of, send
from bp_kit.database import current_session
from bp_kit.errors import Refused
from bp_kit.telemetry import current_traceparent, span

_KEY_BYTES = 32
_PAGE = 50


class TopicServicer(ReadServicer):
    """Takes messages, and gives each service its own.

    Args:
        house: The exchange.
        links: Which links are up.
    """

    def __init__(self, house: House, links: Heard) -> None:
        super().__init__(house, links)
        self._deliveries = DeliveryReader(house.database, house.seams.clock)

    async def Send(self, request: topics_pb2.SendRequest, context: Any) -> topics_pb2.SendResponse:
        """Takes a message into the durable queue of each recipient."""
        message = request.message
        with span("exchange.send", scope="bp_exchange", kind=SpanKind.PRODUCER):
            await self._house.register.ensure()
            # Before the transaction: encrypting files takes time, and nobody else could write meanwhile.
            files = await self._sealed_files(message)
            work = await self._house.on(current_session())
            accept_time = await send(work, message, files, current_traceparent())
        response = topics_pb2.SendResponse(message_id=message.message_id)
        response.accept_time.FromDatetime(accept_time)
        return response

    async def _sealed_files(self, message: topics_pb2.Message) -> list[FileKey]:
        if not message.blobs or not self._route(message).others or await self._is_known(message):
            return []
        return [await self._seal_file(at, blob) for at, blob in enumerate(message.blobs)]

    def _route(self, message: topics_pb2.Message) -> Route:
        return route_of(message, self._house.register.directory, self._house.keys.node_id)

    async def _is_known(self, message: topics_pb2.Message) -> bool:
        async with self._house.database.read() as session:
            return await find_sent(SqlEnvelopes(session), message) is not None

    async def _seal_file(self, at: int, blob: Any) -> FileKey:
        blobs = self._house.seams.blobs
        field = f"message.blobs[{at}]"
        if not await blobs.has(blob.digest):
            raise Refused("INVALID_FIELD", field=field, description="is not in this node's blob store")
        try:
            return await self._house.sealed.seal(blobs, blob.digest, blob.size_bytes, os.urandom(_KEY_BYTES))
        except ValueError:
            raise Refused("INVALID_FIELD", field=field, description="has another size") from None

    async def Subscribe(self, request: topics_pb2.SubscribeRequest, context: Any) -> AsyncIterator[topics_pb2.Delivery]:
        """Streams what is not acknowledged yet, oldest first, then whatever arrives; to one subscriber of a service at a time."""
        wake, lost = asyncio.Event(), asyncio.Event()

        def lose() -> None:
            lost.set()
            wake.set()

        given: set[int] = set()
        async with self._house.leases.holding(subscription_of(request.service), lose):
            with self._house.bells.listening(wake.set, bells.deliveries_of(request.service)):
                while not lost.is_set():
                    wake.clear()
                    found = await self._deliveries.next(request.service, given=given, limit=_PAGE)
                    for record in found:
                        given.add(record.position)
                        yield topics_pb2.Delivery.FromString(record.content)
                    if not found:
                        await woken(wake, self._house.bells.patience)

    async def Acknowledge(self, request: topics_pb2.AcknowledgeRequest, context: Any) -> Empty:
        """Ends a delivery."""
        work = await self._house.on(current_session())
        await acknowledge(work, request.service, request.delivery_id, current_traceparent())
        return Empty()

    async def EraseContent(self, request: topics_pb2.EraseContentRequest, context: Any) -> Empty:
        """Destroys the content of messages."""
        work = await self._house.on(current_session())
        await erase(work, request.service, request.message_ids)
        return Empty()

    async def Report(self, request: topics_pb2.ReportRequest, context: Any) -> Empty:
        """States what people here did with a message."""
        work = await self._house.on(current_session())
        await report(work, request)
        return Empty()
