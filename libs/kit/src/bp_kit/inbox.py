"""What arrives for a service: each delivery takes effect exactly once, in one transaction with its inbox row.

The exchange delivers at least once. The subscriber handles one delivery after the other, in the order it gets them, and acknowledges it
after the commit; a repeat finds its row and is only acknowledged. A delivery that its handler refuses is kept as refused and
acknowledged, so that it never holds up what follows; any other failure is tried again with backoff.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping

import grpc
from opentelemetry.trace import SpanKind
from sqlalchemy import insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.exchange.v1 import topic_service_pb2_grpc as topics_grpc
from bp_kit.database import Database
from bp_kit.errors import Refused
from bp_kit.logs import get_logger
from bp_kit.ports import Seams
from bp_kit.tables import service_metadata
from bp_kit.telemetry import span

MessageHandler = Callable[[AsyncSession, topics_pb2.Message], Awaitable[None]]
ReceiptHandler = Callable[[AsyncSession, topics_pb2.Receipt], Awaitable[None]]
_CALL_SECONDS = 30.0
_MAX_BACKOFF_SECONDS = 30.0
_inbox = service_metadata().tables["inbox"]
_log = get_logger("bp_kit.inbox")


class Subscriber:
    """Receives a service's topics; a worker.

    Args:
        database: The service's database.
        seams: For the channel to the exchange and the clock.
        service: The service's short name.
        handlers: By topic. A topic nobody handles is refused.
        on_receipt: Hears what became of messages the service sent.
    """

    def __init__(
        self,
        database: Database,
        seams: Seams,
        service: str,
        handlers: Mapping[str, MessageHandler],
        on_receipt: ReceiptHandler | None = None,
    ) -> None:
        self._database = database
        self._exchange = topics_grpc.TopicServiceStub(seams.channel("exchange"))
        self._clock = seams.clock
        self._service = service
        self._handlers = handlers
        self._on_receipt = on_receipt

    async def run(self) -> None:
        """Receives until cancelled; subscribes again, with backoff, whenever the stream breaks."""
        failures = 0
        while True:
            try:
                stream = self._exchange.Subscribe(topics_pb2.SubscribeRequest(service=self._service))
                try:
                    async for delivery in stream:
                        await self._receive(delivery)
                        failures = 0
                finally:
                    # One that is merely forgotten stays open, and the exchange gives everything to it alone.
                    stream.cancel()
            except (grpc.RpcError, SQLAlchemyError, OSError) as error:
                _log.warning("inbox.waiting", service=self._service, error=type(error).__name__)
            failures += 1
            await asyncio.sleep(random.uniform(0, min(0.1 * 2**failures, _MAX_BACKOFF_SECONDS)))  # noqa: S311 - jitter

    async def _receive(self, delivery: topics_pb2.Delivery) -> None:
        content = delivery.message if delivery.HasField("message") else delivery.receipt
        with span(
            f"{self._service}.receive",
            scope=f"bp_{self._service}",
            traceparent=content.traceparent,
            kind=SpanKind.CONSUMER,
        ):
            await self._take_effect(delivery)
            await self._exchange.Acknowledge(
                topics_pb2.AcknowledgeRequest(service=self._service, delivery_id=delivery.delivery_id),
                timeout=_CALL_SECONDS,
            )

    async def _take_effect(self, delivery: topics_pb2.Delivery) -> None:
        try:
            async with self._database.write() as session:
                if await session.scalar(
                    select(_inbox.c.delivery_id).where(_inbox.c.delivery_id == delivery.delivery_id)
                ):
                    return
                await self._keep(session, delivery.delivery_id, None)
                await self._handle(session, delivery)
        except Refused as refused:
            _log.warning("inbox.refused", service=self._service, reason=refused.reason, delivery=delivery.delivery_id)
            async with self._database.write() as session:
                await self._keep(session, delivery.delivery_id, refused.reason)

    async def _keep(self, session: AsyncSession, delivery_id: str, refused: str | None) -> None:
        await session.execute(
            insert(_inbox).values(delivery_id=delivery_id, arrive_time=self._clock(), refused=refused)
        )

    async def _handle(self, session: AsyncSession, delivery: topics_pb2.Delivery) -> None:
        if delivery.HasField("receipt"):
            if self._on_receipt:
                await self._on_receipt(session, delivery.receipt)
            return
        handler = self._handlers.get(delivery.message.topic)
        if handler is None:
            raise Refused("NOT_FOUND", name=delivery.message.topic)
        await handler(session, delivery.message)
