"""The exchange's side of the topic API for tests of the other services: a real servicer, its queue kept in memory."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

from google.protobuf.empty_pb2 import Empty

from bluepacific.exchange.v1 import read_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.exchange.v1 import topic_service_pb2_grpc as topics_grpc


class Topics(topics_grpc.TopicServiceServicer):
    """Keeps what was sent; delivers what a test hands it."""

    def __init__(self) -> None:
        self.sent: list[topics_pb2.Message] = []
        self.reports: list[topics_pb2.ReportRequest] = []
        self.erased: set[str] = set()
        self.reads: list[read_pb2.Read] = []
        self.standings: dict[str, list[topics_pb2.Standing]] = {}
        self._changed = asyncio.Condition()
        self._queue: asyncio.Queue[topics_pb2.Delivery] = asyncio.Queue()
        self._acknowledged: dict[str, asyncio.Event] = {}

    async def Send(self, request: topics_pb2.SendRequest, context: Any) -> topics_pb2.SendResponse:
        """Takes a message; repeats are harmless."""
        async with self._changed:
            if all(known.message_id != request.message.message_id for known in self.sent):
                self.sent.append(request.message)
            self._changed.notify_all()
        return topics_pb2.SendResponse(message_id=request.message.message_id)

    async def Report(self, request: topics_pb2.ReportRequest, context: Any) -> Empty:
        """Takes a report."""
        async with self._changed:
            self.reports.append(request)
            self._changed.notify_all()
        return Empty()

    async def EraseContent(self, request: topics_pb2.EraseContentRequest, context: Any) -> Empty:
        """Destroys messages' content."""
        async with self._changed:
            self.erased.update(request.message_ids)
            self._changed.notify_all()
        return Empty()

    async def RecordReads(self, request: topics_pb2.RecordReadsRequest, context: Any) -> Empty:
        """Takes reads of personal data."""
        async with self._changed:
            self.reads.extend(request.reads)
            self._changed.notify_all()
        return Empty()

    async def ListReads(self, request: topics_pb2.ListReadsRequest, context: Any) -> topics_pb2.ListReadsResponse:
        """Lists the reads of records and of what is under them, newest first."""
        within = tuple(f"{record}/" for record in request.records)
        exactly = {*request.records, *request.lists}
        found = [one for one in self.reads if one.record in exactly or one.record.startswith(within)]
        return topics_pb2.ListReadsResponse(reads=reversed(found))

    async def GetStandings(
        self, request: topics_pb2.GetStandingsRequest, context: Any
    ) -> topics_pb2.GetStandingsResponse:
        """Tells what the test says of a message's way."""
        return topics_pb2.GetStandingsResponse(standings=self.standings.get(request.message_id, []))

    async def Subscribe(self, request: topics_pb2.SubscribeRequest, context: Any) -> AsyncIterator[topics_pb2.Delivery]:
        """Streams what the test delivers."""
        while True:
            yield await self._queue.get()

    async def Acknowledge(self, request: topics_pb2.AcknowledgeRequest, context: Any) -> Empty:
        """Ends a delivery."""
        self._acknowledged[request.delivery_id].set()
        return Empty()

    async def wait_sent(self, topic: str, count: int = 1) -> list[topics_pb2.Message]:
        """Returns the messages sent on a topic, once there are that many."""
        async with asyncio.timeout(90), self._changed:
            await self._changed.wait_for(lambda: len(self._on(topic)) >= count)
            return self._on(topic)

    async def wait_reports(self, count: int = 1) -> list[topics_pb2.ReportRequest]:
        """Returns the reports, once there are that many."""
        async with asyncio.timeout(90), self._changed:
            await self._changed.wait_for(lambda: len(self.reports) >= count)
            return list(self.reports)

    async def wait_reads(self, count: int = 1) -> list[read_pb2.Read]:
        """Returns the reads that the log was told of, once there are that many."""
        async with asyncio.timeout(90), self._changed:
            await self._changed.wait_for(lambda: len(self.reads) >= count)
            return list(self.reads)

    async def wait_erased(self, *message_ids: str) -> None:
        """Returns once the content of these messages was destroyed."""
        async with asyncio.timeout(90), self._changed:
            await self._changed.wait_for(lambda: self.erased.issuperset(message_ids))

    async def deliver(self, message: topics_pb2.Message, delivery_id: str = "") -> None:
        """Delivers a message and waits for its acknowledgement; the same delivery id makes a duplicate."""
        await self._push(topics_pb2.Delivery(delivery_id=delivery_id or str(uuid.uuid4()), message=message))

    async def receipt(self, receipt: topics_pb2.Receipt) -> None:
        """Delivers a receipt and waits for its acknowledgement."""
        await self._push(topics_pb2.Delivery(delivery_id=str(uuid.uuid4()), receipt=receipt))

    async def _push(self, delivery: topics_pb2.Delivery) -> None:
        done = self._acknowledged[delivery.delivery_id] = asyncio.Event()
        await self._queue.put(delivery)
        async with asyncio.timeout(90):
            await done.wait()

    def _on(self, topic: str) -> list[topics_pb2.Message]:
        return [message for message in self.sent if message.topic == topic]
