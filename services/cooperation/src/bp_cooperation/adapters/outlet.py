"""Topics that cooperation sends, reports of what was opened, and the notifications it asks for."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import directive_pb2, events_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.notifications.v1 import events_pb2 as notifications_pb2
from bp_cooperation.adapters.directive_messages import (
    answer_message,
    directive_message,
    revision_message,
    sharing_message,
)
from bp_cooperation.adapters.file_messages import blob_of, sealed_file
from bp_cooperation.adapters.messages import (
    handling_message,
    reply_message,
    request_message,
    urgency_number,
)
from bp_cooperation.adapters.operation_messages import changed_message
from bp_cooperation.adapters.operations import SqlOperations
from bp_cooperation.domain.attachment import Attachment
from bp_cooperation.domain.directive import EXPIRY, RECALL, Answer, Directive, Revision
from bp_cooperation.domain.names import request_of
from bp_cooperation.domain.operation import Member, Operation
from bp_cooperation.domain.reply import Reply
from bp_cooperation.domain.request import PRESSING, Request
from bp_cooperation.domain.sharing import Sharing
from bp_cooperation.usecases.access import Access
from bp_kit.names import country_of
from bp_kit.outbox import Outbox
from bp_kit.ports import Clock
from bp_kit.rpc.methods import method_of
from bp_kit.times import timestamp

REQUEST_OPENED = "bluepacific.cooperation.v1.request.opened"
REQUEST_CLOSED = "bluepacific.cooperation.v1.request.closed"
REPLY_SENT = "bluepacific.cooperation.v1.reply.sent"
REQUEST_SHARED = "bluepacific.cooperation.v1.request.shared"
DIRECTIVE_ISSUED = "bluepacific.cooperation.v1.directive.issued"
DIRECTIVE_ANSWERED = "bluepacific.cooperation.v1.directive.answered"
SHARING_ASKED = "bluepacific.cooperation.v1.sharing.asked"
SHARING_DECIDED = "bluepacific.cooperation.v1.sharing.decided"
OPERATION_CHANGED = "bluepacific.cooperation.v1.operation.changed"
UNIT_CHANGED = "bluepacific.cooperation.v1.unit.changed"
_GET_REQUEST = "/bluepacific.cooperation.v1.RequestService/GetRequest"


class OutboxOutlet:
    """Sends through the outbox, in the current transaction.

    Args:
        outbox: Of the session.
        access: Who may be told of what.
        operations: Who takes part in what.
        clock: Tells the time.
    """

    def __init__(self, outbox: Outbox, access: Access, operations: SqlOperations, clock: Clock) -> None:
        self._outbox = outbox
        self._access = access
        self._operations = operations
        self._clock = clock

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
            recipients=request.holders,
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

    async def directive_issued(self, directive: Directive, record: Request | Reply, revision: Revision | None) -> str:
        """Tells a record's holders what its unit tells; returns the message's id. It never expires: a holder may be dark for long."""
        payload = events_pb2.DirectiveIssued(directive=directive_message(directive))
        if revision:
            payload.revision.CopyFrom(revision_message(revision))
        return await self._outbox.send(
            topic=DIRECTIVE_ISSUED,
            payload=payload,
            author=directive.unit,
            recipients=record.holders,
            urgency=handling_pb2.URGENCY_URGENT if directive.kind == RECALL else handling_pb2.URGENCY_ROUTINE,
            handling=handling_message(record.handling),
            # A recall waits for nothing of its conversation, and may overtake it.
            conversation=directive.name if directive.kind == RECALL else request_of(record.name),
            receipts=False,
        )

    async def directive_answered(self, directive: Directive, answer: Answer) -> None:
        """Answers a directive."""
        payload = events_pb2.DirectiveAnswered(
            directive=directive.name,
            record=directive.record,
            kind=directive_pb2.DirectiveKind.Value(f"DIRECTIVE_KIND_{directive.kind}"),
            answer=answer_message(answer),
        )
        await self._outbox.send(
            topic=DIRECTIVE_ANSWERED,
            payload=payload,
            author=answer.unit,
            recipients=[directive.unit],
            urgency=handling_pb2.URGENCY_BULK if directive.kind == EXPIRY else handling_pb2.URGENCY_ROUTINE,
            conversation=directive.name,
            receipts=False,
        )

    async def request_shared(self, request: Request, further: Collection[str], files: Iterable[Attachment]) -> str:
        """Sends a request to units that it is shared with, and tells its other holders; returns the message's id."""
        sealed = list(files)
        payload = events_pb2.RequestShared(name=request.name, shared_with=request.shared_with)
        others = [unit for unit in request.holders if unit not in further]
        await self._share(request, payload, others, receipts=False)
        payload.request.CopyFrom(request_message(request))
        payload.files.extend(sealed_file(file) for file in sealed)
        return await self._share(request, payload, further, files=sealed, receipts=True)

    async def _share(
        self,
        request: Request,
        payload: events_pb2.RequestShared,
        recipients: Iterable[str],
        *,
        files: Iterable[Attachment] = (),
        receipts: bool,
    ) -> str:
        return await self._outbox.send(
            topic=REQUEST_SHARED,
            payload=payload,
            author=request.unit,
            recipients=recipients,
            urgency=urgency_number(request.urgency),
            handling=handling_message(request.handling),
            conversation=request.name,
            blobs=[blob_of(file) for file in files],
            expire_time=request.handling.retention_time,
            receipts=receipts,
        )

    async def sharing_asked(self, sharing: Sharing, owner: str) -> None:
        """Asks a request's unit to share it."""
        await self._sharing(SHARING_ASKED, sharing, author=sharing.unit, recipient=owner)

    async def sharing_decided(self, sharing: Sharing, owner: str) -> None:
        """Tells who wished to share what was decided."""
        await self._sharing(SHARING_DECIDED, sharing, author=owner, recipient=sharing.unit)

    async def _sharing(self, topic: str, sharing: Sharing, *, author: str, recipient: str) -> None:
        await self._outbox.send(
            topic=topic,
            payload=events_pb2.SharingChanged(sharing=sharing_message(sharing)),
            author=author,
            recipients=[recipient],
            conversation=request_of(sharing.name),
            receipts=False,
        )

    async def operation_changed(
        self, operation: Operation, country: str, members: Collection[Member], *, urgent: bool
    ) -> None:
        """Tells another country's node how an operation stands for its officers. It never expires, and waits for nothing before it."""
        await self._outbox.send(
            topic=OPERATION_CHANGED,
            payload=changed_message(operation, members),
            author=operation.unit,
            recipients=[f"countries/{country}"],
            urgency=handling_pb2.URGENCY_FLASH if urgent else handling_pb2.URGENCY_URGENT,
            receipts=False,
        )

    async def erase(self, message_ids: Collection[str]) -> None:
        """Has the exchange destroy what it holds of messages' content."""
        await self._outbox.erase(service="cooperation", message_ids=message_ids)

    async def report_refused(self, message_id: str, unit: str, ground: str) -> None:
        """Tells a message's sender that this node does not take it, and why."""
        await self._outbox.report(
            message_id=message_id, recipient=unit, state=topics_pb2.DELIVERY_STATE_REFUSED, ground=ground
        )

    async def tell_of_request(self, request: Request, unit: str) -> None:
        """Notifies a unit here of a request."""
        await self.tell("cooperation.request_received", request, unit, urgent=request.urgency in PRESSING)

    async def tell_of_reply(self, reply: Reply, unit: str, *, urgent: bool) -> None:
        """Notifies a unit here of a reply."""
        await self.tell("cooperation.reply_received", reply, unit, urgent=urgent)

    async def tell_of_operation(self, operation: Operation, officer: str) -> None:
        """Notifies an officer of a country served here that they take part in an operation."""
        requested = notifications_pb2.NotificationRequested(
            template="cooperation.operation_joined", subject=operation.name, officer=officer
        )
        await self._outbox.notify(requested, author=f"countries/{country_of(officer)}")

    async def tell(self, template: str, record: Request | Reply, unit: str, *, urgent: bool = False) -> None:
        """Notifies those of a unit here who may be told of a record: its handling admits them, and nobody else of the unit hears of it."""
        roles = self._access.told(record, unit, method_of(_GET_REQUEST).access.roles)
        operation = record.handling.operation
        among = await self._operations.officers(operation, country_of(unit), self._clock()) if operation else []
        if not roles or (operation and not among):
            return
        requested = notifications_pb2.NotificationRequested(
            template=template,
            subject=record.name,
            unit=unit,
            roles=roles,
            among=among,
            urgent=urgent,
        )
        await self._outbox.notify(requested, author=f"countries/{country_of(unit)}")
