"""What arrives for cooperation: other units' requests and replies, receipts for what was sent, news of units.

What its rules refuse is reported to its sender as refused, with the reason; it never holds up what follows.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from google.protobuf.message import DecodeError, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.cooperation.v1 import events_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.identity.v1 import events_pb2 as identity_pb2
from bluepacific.identity.v1 import unit_pb2
from bp_cooperation.adapters.directive_messages import (
    received_answer,
    received_directive,
    received_revision,
    received_sharing,
)
from bp_cooperation.adapters.file_messages import received_file
from bp_cooperation.adapters.log import TAKEN, note_arrival, subject_of
from bp_cooperation.adapters.messages import received_reply, received_request, rung_of
from bp_cooperation.adapters.operation_messages import received_operation
from bp_cooperation.adapters.outlet import (
    DIRECTIVE_ANSWERED,
    DIRECTIVE_ISSUED,
    OPERATION_CHANGED,
    REPLY_SENT,
    REQUEST_CLOSED,
    REQUEST_OPENED,
    REQUEST_SHARED,
    SHARING_ASKED,
    SHARING_DECIDED,
    UNIT_CHANGED,
)
from bp_cooperation.adapters.unit_of_work import Workshop
from bp_cooperation.domain.addressee import Addressee
from bp_cooperation.domain.attachment import Attachment
from bp_cooperation.domain.names import is_reply, request_of
from bp_cooperation.domain.reply import Reply
from bp_cooperation.usecases import answers, arrivals, directory, obeying, operations, sharings
from bp_cooperation.usecases.access import Record
from bp_cooperation.usecases.arrivals import Arrival
from bp_cooperation.usecases.work import Work
from bp_kit.errors import Refused
from bp_kit.inbox import MessageHandler
from bp_kit.logs import get_logger
from bp_kit.names import country_of, require_author
from bp_kit.times import moment
from bp_kit.validation import check

Payload = TypeVar("Payload", bound=Message)
_NAME = re.compile(r"countries/[A-Z]{3}/requests/[0-9a-f-]{36}(/replies/[0-9a-f-]{36})?")
# What something else may wait for, or wait in vain for from now on.
_AWAITED = (REQUEST_OPENED, REQUEST_SHARED, REPLY_SENT, DIRECTIVE_ISSUED)
# Content that arrived and must not be kept anywhere.
_DESTROYED = ("RECORD_RECALLED", "CONTENT_EXPIRED")
Keep = Callable[[Work, topics_pb2.Message], Awaitable[None]]
_log = get_logger("bp_cooperation.topics")


class Handlers:
    """Handlers of cooperation's topics, each within the transaction of its delivery.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._keep: dict[str, Keep] = {
            REQUEST_OPENED: self._request_opened,
            REPLY_SENT: self._reply_sent,
            REQUEST_CLOSED: self._request_closed,
            REQUEST_SHARED: self._request_shared,
            DIRECTIVE_ISSUED: self._directive_issued,
            DIRECTIVE_ANSWERED: self._directive_answered,
            SHARING_ASKED: self._sharing_asked,
            SHARING_DECIDED: self._sharing_decided,
            OPERATION_CHANGED: self._operation_changed,
        }

    def by_topic(self) -> dict[str, MessageHandler]:
        """Returns the handlers by topic."""
        return {**dict.fromkeys(self._keep, self.arrived), UNIT_CHANGED: self.unit_changed}

    async def arrived(self, session: AsyncSession, message: topics_pb2.Message) -> None:
        """Keeps what another unit sent; then what has waited for it."""
        work = self._workshop.on(session)
        refused = await self._kept(session, work, message)
        await self._note(session, message, refused or TAKEN)
        if not refused and message.topic in _AWAITED:
            # By the request's name: a recall has a conversation of its own.
            await self._keep_waiting(session, work, request_of(subject_of(message)))

    async def _keep_waiting(self, session: AsyncSession, work: Work, request: str) -> None:
        """Keeps what has waited for a request or its replies; what still has to, waits again."""
        bodies = await work.waiting.take(request)
        # Replies first: what is told about them may have come before them.
        waiting = sorted((topics_pb2.Message.FromString(body) for body in bodies), key=_is_directive)
        for message in waiting:
            if refused := await self._kept(session, work, message):
                await self._note(session, message, refused)

    async def receipt(self, session: AsyncSession, receipt: topics_pb2.Receipt) -> None:
        """Keeps what became of something sent from here."""
        if receipt.state:
            await arrivals.keep_receipt(self._workshop.on(session), receipt.message_id, rung_of(receipt))

    async def unit_changed(self, session: AsyncSession, message: topics_pb2.Message) -> None:
        """Keeps what a country's identity tells of one of its units."""
        payload = _payload(identity_pb2.UnitChanged, message)
        require_author(message.author, payload.name)
        addressee = Addressee(
            unit=payload.name,
            display_name=payload.display_name,
            kind=unit_pb2.UnitKind.Name(payload.kind).removeprefix("UNIT_KIND_"),
            active=payload.state == unit_pb2.UNIT_STATE_ACTIVE,
            version=payload.version,
        )
        await directory.keep_addressee(self._workshop.on(session), addressee)

    async def _kept(self, session: AsyncSession, work: Work, message: topics_pb2.Message) -> str:
        """Keeps a message, or tells its sender why not; returns the ground, empty where it is kept.

        A refusal undoes its own changes and no others.
        """
        try:
            async with session.begin_nested():
                await self._keep[message.topic](work, message)
        except Refused as refused:
            _log.warning("topics.refused", topic=message.topic, message=message.message_id, reason=refused.reason)
            await self._refuse(session, work, message, refused.reason)
            return refused.reason
        return ""

    async def _refuse(self, session: AsyncSession, work: Work, message: topics_pb2.Message, ground: str) -> None:
        outlet = self._workshop.outlet(session)
        if ground in _DESTROYED:
            await outlet.erase([message.message_id])
        for unit in self._here(message) if message.receipts else ():
            await outlet.report_refused(message.message_id, unit, ground)
        if message.topic == DIRECTIVE_ISSUED:
            await self._refuse_directive(work, message, ground)

    async def _refuse_directive(self, work: Work, message: topics_pb2.Message, ground: str) -> None:
        """Directives are answered; what cannot be read as one has nobody to be answered."""
        try:
            directive = received_directive(_payload(events_pb2.DirectiveIssued, message).directive)
        except Refused:
            return
        await obeying.refuse(work, _arrival(message), directive, ground)

    async def _note(self, session: AsyncSession, message: topics_pb2.Message, outcome: str) -> None:
        now = self._workshop.seams.clock()
        await note_arrival(session, message, self._here(message), outcome=outcome, now=now)

    def _here(self, message: topics_pb2.Message) -> list[str]:
        return [unit for unit in message.recipients if country_of(unit) in self._workshop.rules.countries]

    async def _request_opened(self, work: Work, message: topics_pb2.Message) -> None:
        payload = _payload(events_pb2.RequestOpened, message)
        request = received_request(payload.request)
        request.check()
        _require_addressed(message, request)
        await arrivals.keep_request(
            work, _arrival(message), request, self._files(message, payload.files, payload.request.name)
        )

    async def _reply_sent(self, work: Work, message: topics_pb2.Message) -> None:
        payload = _payload(events_pb2.ReplySent, message)
        reply = received_reply(payload.reply)
        _require_addressed(message, reply)
        await arrivals.keep_reply(
            work, _arrival(message), reply, self._files(message, payload.files, payload.reply.name)
        )

    async def _request_closed(self, work: Work, message: topics_pb2.Message) -> None:
        payload = _payload(events_pb2.RequestClosed, message)
        close_time = moment(payload.close_time, "close_time")
        await arrivals.keep_closing(work, _arrival(message), payload.request, close_time)

    async def _request_shared(self, work: Work, message: topics_pb2.Message) -> None:
        payload = _payload(events_pb2.RequestShared, message)
        request = received_request(payload.request) if payload.HasField("request") else None
        fits = message.conversation == payload.name and (request is None or request.name == payload.name)
        if not fits or (request and not {*message.recipients} <= {*payload.shared_with}):
            raise Refused("INVALID_FIELD", field="payload", description="does not fit its message")
        if request:
            request.check()
        await sharings.keep_shared(
            work,
            _arrival(message),
            payload.name,
            tuple(payload.shared_with),
            request=request,
            attachments=self._files(message, payload.files, payload.name),
        )

    async def _directive_issued(self, work: Work, message: topics_pb2.Message) -> None:
        payload = _payload(events_pb2.DirectiveIssued, message)
        directive = received_directive(payload.directive)
        await obeying.obey(work, _arrival(message), directive, received_revision(payload, directive))

    async def _directive_answered(self, work: Work, message: topics_pb2.Message) -> None:
        payload = _payload(events_pb2.DirectiveAnswered, message)
        kind, answer = received_answer(payload)
        await answers.keep_answer(work, message.author, record_name=payload.record, kind=kind, answer=answer)

    async def _sharing_asked(self, work: Work, message: topics_pb2.Message) -> None:
        payload = _payload(events_pb2.SharingChanged, message)
        await sharings.keep_asked(work, _arrival(message), received_sharing(payload.sharing))

    async def _sharing_decided(self, work: Work, message: topics_pb2.Message) -> None:
        payload = _payload(events_pb2.SharingChanged, message)
        await sharings.keep_decided(work, _arrival(message), received_sharing(payload.sharing))

    async def _operation_changed(self, work: Work, message: topics_pb2.Message) -> None:
        operation, members = received_operation(_payload(events_pb2.OperationChanged, message))
        await operations.keep_operation(work, _arrival(message), operation, members)

    def _files(
        self, message: topics_pb2.Message, files: Iterable[events_pb2.SealedFile], record: str
    ) -> list[Attachment]:
        announced = {blob.digest for blob in message.blobs}
        if any(file.blob not in announced for file in files):
            raise Refused("INVALID_FIELD", field="files", description="has bytes that the message does not bring")
        return [received_file(file, record, limit=self._workshop.rules.attachment_bytes) for file in files]


def _arrival(message: topics_pb2.Message) -> Arrival:
    return Arrival(message.message_id, message.author, tuple(message.recipients), message.SerializeToString())


def _is_directive(message: topics_pb2.Message) -> bool:
    return message.topic == DIRECTIVE_ISSUED


def _require_addressed(message: topics_pb2.Message, record: Record) -> None:
    """Refuses a record that says one thing where its message says another.

    Raises:
        Refused: INVALID_FIELD.
    """
    named = _NAME.fullmatch(record.name) and is_reply(record.name) == isinstance(record, Reply)
    addressed = {*message.recipients} == {*record.recipients} and message.conversation == request_of(record.name)
    if not named or not addressed:
        raise Refused("INVALID_FIELD", field="payload", description="does not fit its message")


def _payload(kind: type[Payload], message: topics_pb2.Message) -> Payload:
    """Returns a message's content, checked by its proto's rules.

    Raises:
        Refused: INVALID_FIELD.
    """
    try:
        payload = kind.FromString(message.payload)
    except DecodeError:
        raise Refused("INVALID_FIELD", field="payload", description="cannot be read") from None
    check(payload)
    return payload
