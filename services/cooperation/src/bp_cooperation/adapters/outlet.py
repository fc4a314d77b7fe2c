"""Topics that cooperation sends, reports of what was opened, and the notifications it asks for."""

from __future__ import annotations

from collections.abc import Iterable

from bluepacific.cooperation.v1 import events_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.notifications.v1 import events_pb2 as notifications_pb2
from bp_cooperation.adapters.file_messages import blob_of, sealed_file
from bp_cooperation.adapters.messages import (
    handling_message,
    reply_message,
    request_message,
    urgency_number,
)
from bp_cooperation.domain.attachment import Attachment
from bp_cooperation.domain.names import country_of, request_of
from bp_cooperation.domain.reply import Reply
from bp_cooperation.domain.request import PRESSING, Request
from bp_kit.outbox import Outbox
from bp_kit.rpc.methods import method_of
from bp_kit.times import timestamp

REQUEST_OPENED = "bluepacific.cooperation.v1.request.opened"
REQUEST_CLOSED = "bluepacific.cooperation.v1.request.closed"
REPLY_SENT = "bluepacific.cooperation.v1.reply.sent"
UNIT_CHANGED = "bluepacific.cooperation.v1.unit.changed"
_GET_REQUEST = "/bluepacific.cooperation.v1.RequestService/GetRequest"


class OutboxOutlet:
    """Sends through the outbox, in the current transaction.

    Args:
        outbox: Of the session.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def request_opened(self, request: Request, attachments: Iterable[Attachment]) -> str:
        """Sends a request to its recipients; returns the message's id."""
        files = list(attachments)
        return await self._outbox.send(
            topic=REQUEST_OPENED,
            payload=events_pb2.RequestOpened(
                request=request_message(request), files=[sealed_file(file) for file in files]
            ),
            author=request.unit,
            recipients=request.recipients,
            urgency=urgency_number(request.urgency),
            handling=handling_message(request.handling),
            conversation=request.name,
            blobs=[blob_of(file) for file in files],
            expire_time=request.handling.retention_time,
        )

    async def request_closed(self, request: Request) -> None:
        """Tells a request's recipients that it is closed."""
        payload = events_pb2.RequestClosed(request=request.name, close_time=timestamp(request.close_time))
        await self._outbox.send(
            topic=REQUEST_CLOSED,
            payload=payload,
            author=request.unit,
            recipients=request.recipients,
            urgency=urgency_number(request.urgency),
            handling=handling_message(request.handling),
            conversation=request.name,
            expire_time=request.handling.retention_time,
            receipts=False,
        )

    async def reply_sent(self, reply: Reply, urgency: str, attachments: Iterable[Attachment]) -> str:
        """Sends a reply to its recipients, as urgently as the request; returns the message's id."""
        files = list(attachments)
        return await self._outbox.send(
            topic=REPLY_SENT,
            payload=events_pb2.ReplySent(reply=reply_message(reply), files=[sealed_file(file) for file in files]),
            author=reply.unit,
            recipients=reply.recipients,
            urgency=urgency_number(urgency),
            handling=handling_message(reply.handling),
            conversation=request_of(reply.name),
            blobs=[blob_of(file) for file in files],
            expire_time=reply.handling.retention_time,
        )

    async def report_opened(self, message_id: str, unit: str) -> None:
        """Tells a message's sender that a unit here opened it."""
        await self._outbox.report(message_id=message_id, recipient=unit, state=topics_pb2.DELIVERY_STATE_OPENED)

    async def report_refused(self, message_id: str, unit: str, ground: str) -> None:
        """Tells a message's sender that this node does not take it, and why."""
        await self._outbox.report(
            message_id=message_id, recipient=unit, state=topics_pb2.DELIVERY_STATE_REFUSED, ground=ground
        )

    async def tell_of_request(self, request: Request, unit: str) -> None:
        """Notifies a unit here of a request."""
        await self._tell("cooperation.request_received", request.name, unit, urgent=request.urgency in PRESSING)

    async def tell_of_reply(self, reply: Reply, unit: str, *, urgent: bool) -> None:
        """Notifies a unit here of a reply."""
        await self._tell("cooperation.reply_received", reply.name, unit, urgent=urgent)

    async def _tell(self, template: str, subject: str, unit: str, *, urgent: bool) -> None:
        requested = notifications_pb2.NotificationRequested(
            template=template,
            subject=subject,
            unit=unit,
            # Whoever may read it, and nobody else of the unit.
            roles=method_of(_GET_REQUEST).access.roles,
            urgent=urgent,
        )
        await self._outbox.notify(requested, author=f"countries/{country_of(unit)}")
