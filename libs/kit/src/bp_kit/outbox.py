"""What must reach anybody else leaves through here: rows written with the change, relayed to the exchange after its commit.

The relay sends rows in order, one after the other, and deletes each once the exchange has it on disk. It repeats a row until it is
taken; the exchange knows repeats by the message id. A row the exchange refuses for good is set aside with the reason, and logged, so
that it never holds up what follows.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Sequence
from datetime import datetime

import grpc
from google.protobuf.message import Message
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.common.v1 import blob_pb2, handling_pb2
from bluepacific.exchange.v1 import read_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.exchange.v1 import topic_service_pb2_grpc as topics_grpc
from bluepacific.notifications.v1 import events_pb2
from bp_kit.database import Database
from bp_kit.logs import get_logger
from bp_kit.ports import Seams, new_id, system_clock
from bp_kit.tables import service_metadata
from bp_kit.telemetry import current_traceparent

NOTIFICATION_REQUESTED = "bluepacific.notifications.v1.notification.requested"
_SEND, _REPORT, _ERASE, _READS = "send", "report", "erase", "reads"
_BATCH = 50
_ERASED_AT_ONCE = 1000
_READS_AT_ONCE = 1000
_POLL_SECONDS = 2.0
_MAX_BACKOFF_SECONDS = 60.0
_CALL_SECONDS = 30.0
_REFUSED_FOR_GOOD = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.OUT_OF_RANGE,
)
_outbox = service_metadata().tables["outbox"]
_log = get_logger("bp_kit.outbox")


class Outbox:
    """Writes rows within the current transaction.

    Args:
        session: The transaction of the change.
        seams: For ids and the clock.
    """

    def __init__(self, session: AsyncSession, seams: Seams) -> None:
        self._session = session
        self._seams = seams

    async def send(
        self,
        *,
        topic: str,
        payload: Message,
        author: str,
        recipients: Iterable[str],
        urgency: handling_pb2.Urgency.ValueType = handling_pb2.URGENCY_ROUTINE,
        handling: handling_pb2.Handling | None = None,
        conversation: str = "",
        blobs: Iterable[blob_pb2.Blob] = (),
        expire_time: datetime | None = None,
        receipts: bool = True,
    ) -> str:
        """Sends a message once this transaction commits.

        Args:
            topic: `bluepacific.cooperation.v1.request.opened`; its second segment names the service that receives it.
            payload: What both sides of the topic agree on.
            author: The unit or country that speaks.
            recipients: Units or countries; `countries/-` for every member.
            urgency: How soon it must travel.
            handling: The conditions on it.
            conversation: Messages of one conversation keep their order; usually the record's name.
            blobs: Files that belong to it; their bytes are in this node's blob store.
            expire_time: After this it is worthless.
            receipts: This service wants to hear what becomes of it at each recipient.

        Returns:
            The message's id.
        """
        message = topics_pb2.Message(
            message_id=self._seams.ids(),
            topic=topic,
            author=author,
            recipients=list(recipients),
            urgency=urgency,
            handling=handling,
            conversation=conversation,
            payload=payload.SerializeToString(deterministic=True),
            blobs=list(blobs),
            traceparent=current_traceparent(),
            receipts=receipts,
        )
        message.create_time.FromDatetime(self._seams.clock())
        if expire_time:
            message.expire_time.FromDatetime(expire_time)
        await self._add(_SEND, message)
        return message.message_id

    async def report(
        self, *, message_id: str, recipient: str, state: topics_pb2.DeliveryState.ValueType, ground: str = ""
    ) -> None:
        """Tells a message's sender what people here did with it, once this transaction commits."""
        await self._add(
            _REPORT,
            topics_pb2.ReportRequest(
                message_id=message_id,
                recipient=recipient,
                state=state,
                ground=ground,
                traceparent=current_traceparent(),
            ),
        )

    async def erase(self, *, service: str, message_ids: Iterable[str]) -> None:
        """Has the exchange destroy what it still holds of messages' content, once this transaction commits."""
        named = list(message_ids)
        for start in range(0, len(named), _ERASED_AT_ONCE):
            batch = named[start : start + _ERASED_AT_ONCE]
            await self._add(_ERASE, topics_pb2.EraseContentRequest(service=service, message_ids=batch))

    async def notify(self, requested: events_pb2.NotificationRequested, *, author: str) -> None:
        """Asks this node's notifications to tell people of something, once this transaction commits."""
        await self.send(
            topic=NOTIFICATION_REQUESTED,
            payload=requested,
            author=author,
            recipients=[f"countries/{self._seams.country}"],
            urgency=handling_pb2.URGENCY_URGENT if requested.urgent else handling_pb2.URGENCY_ROUTINE,
            conversation=requested.subject,
            receipts=False,
        )

    async def _add(self, kind: str, body: Message) -> None:
        now = self._seams.clock()
        await self._session.execute(
            insert(_outbox).values(kind=kind, body=body.SerializeToString(), attempts=0, due_time=now, create_time=now)
        )
        self._session.info["outbox"] = True


async def keep_reads(session: AsyncSession, reads: Sequence[read_pb2.Read]) -> None:
    """Hands reads of personal data to the node's log once this transaction commits; as few batches as can be."""
    for start in range(0, len(reads), _READS_AT_ONCE):
        body = topics_pb2.RecordReadsRequest(batch_id=new_id(), reads=reads[start : start + _READS_AT_ONCE])
        now = system_clock()
        await session.execute(
            insert(_outbox).values(
                kind=_READS, body=body.SerializeToString(), attempts=0, due_time=now, create_time=now
            )
        )
        session.info["outbox"] = True


async def take_reads(session: AsyncSession, most: int) -> list[topics_pb2.RecordReadsRequest]:
    """Takes batches of reads out of the outbox of the service that has the log: nobody relays it; the oldest first.

    Args:
        session: The transaction in which they go into the log.
        most: How many batches at most.
    """
    waiting = select(_outbox.c.position).where(_outbox.c.kind == _READS).order_by(_outbox.c.position).limit(most)
    taken = []
    for position in list(await session.scalars(waiting)):
        # Another pod may have been quicker: it waits here for that one's end, and finds nothing.
        body = await session.scalar(delete(_outbox).where(_outbox.c.position == position).returning(_outbox.c.body))
        if body is not None:
            taken.append(topics_pb2.RecordReadsRequest.FromString(body))
    return taken


class OutboxRelay:
    """Hands a service's outbox to the exchange; a worker.

    Args:
        database: The service's database.
        seams: For the channel to the exchange.
        service: The service's short name.
    """

    def __init__(self, database: Database, seams: Seams, service: str) -> None:
        self._database = database
        self._exchange = topics_grpc.TopicServiceStub(seams.channel("exchange"))
        self._clock = seams.clock
        self._service = service

    async def run(self) -> None:
        """Relays until cancelled; wakes at each commit that wrote rows, and now and then for those of other pods."""
        failures = 0
        while True:
            self._database.changed.clear()
            if await self._drained():
                failures = 0
                await _wait(self._database.changed, _POLL_SECONDS)
            else:
                failures += 1
                backoff = min(0.2 * 2**failures, _MAX_BACKOFF_SECONDS)
                await asyncio.sleep(random.uniform(0, backoff))  # noqa: S311 - jitter

    async def _drained(self) -> bool:
        """A database that fails, on a full disk say, is a wait like any other: the exchange knows repeats."""
        try:
            return await self._drain()
        except (SQLAlchemyError, OSError) as error:
            _log.warning("outbox.waiting", service=self._service, code=type(error).__name__)
            return False

    async def _drain(self) -> bool:
        """Sends everything that is due; False when the exchange cannot be reached."""
        while rows := await self._due():
            for position, kind, body in rows:
                try:
                    await self._hand_over(kind, body)
                except grpc.RpcError as error:
                    if error.code() not in _REFUSED_FOR_GOOD:
                        _log.warning("outbox.waiting", service=self._service, code=error.code().name)
                        return False
                    await self._set_aside(position, error.code().name)
                else:
                    await self._done(position)
        return True

    async def _due(self) -> list[tuple[int, str, bytes]]:
        async with self._database.read() as session:
            found = await session.execute(
                select(_outbox.c.position, _outbox.c.kind, _outbox.c.body)
                .where(_outbox.c.refused.is_(None))
                .order_by(_outbox.c.position)
                .limit(_BATCH)
            )
            return [(row.position, row.kind, row.body) for row in found]

    async def _hand_over(self, kind: str, body: bytes) -> None:
        if kind == _SEND:
            message = topics_pb2.Message.FromString(body)
            await self._exchange.Send(
                topics_pb2.SendRequest(message=message),
                timeout=_CALL_SECONDS,
                metadata=(("traceparent", message.traceparent),),
            )
        elif kind == _ERASE:
            await self._exchange.EraseContent(topics_pb2.EraseContentRequest.FromString(body), timeout=_CALL_SECONDS)
        elif kind == _READS:
            await self._exchange.RecordReads(topics_pb2.RecordReadsRequest.FromString(body), timeout=_CALL_SECONDS)
        else:
            report = topics_pb2.ReportRequest.FromString(body)
            await self._exchange.Report(report, timeout=_CALL_SECONDS, metadata=(("traceparent", report.traceparent),))

    async def _done(self, position: int) -> None:
        async with self._database.write() as session:
            await session.execute(delete(_outbox).where(_outbox.c.position == position))

    async def _set_aside(self, position: int, code: str) -> None:
        _log.error("outbox.refused", service=self._service, position=position, code=code)
        async with self._database.write() as session:
            await session.execute(update(_outbox).where(_outbox.c.position == position).values(refused=code))


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
