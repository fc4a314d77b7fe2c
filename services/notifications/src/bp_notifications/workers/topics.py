"""What arrives for notifications, always from the own node: whom to tell of what, and whom to reach where."""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.message import DecodeError, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.notifications.v1 import events_pb2
from bp_kit.errors import Refused
from bp_kit.inbox import MessageHandler
from bp_kit.logs import get_logger
from bp_kit.outbox import NOTIFICATION_REQUESTED
from bp_kit.telemetry import current_traceparent
from bp_kit.validation import check
from bp_notifications.adapters.unit_of_work import Desk
from bp_notifications.domain.contact import Audience, Contact
from bp_notifications.domain.notification import NotificationRequest
from bp_notifications.usecases.contacts import keep_contact
from bp_notifications.usecases.notifications import notify_people

CONTACT_CHANGED = "bluepacific.notifications.v1.contact.changed"
Payload = TypeVar("Payload", bound=Message)
_log = get_logger("bp_notifications.topics")


class Handlers:
    """Handlers of the topics, each within the transaction of its delivery.

    Args:
        desk: Makes the parts of a transaction.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def by_topic(self) -> dict[str, MessageHandler]:
        """Returns the handlers by topic."""
        return {NOTIFICATION_REQUESTED: self.notification_requested, CONTACT_CHANGED: self.contact_changed}

    async def notification_requested(self, session: AsyncSession, message: topics_pb2.Message) -> None:
        """Tells those whom it concerns."""
        payload = _payload(events_pb2.NotificationRequested, message)
        request = NotificationRequest(
            cause=message.message_id.lower(),
            template=payload.template,
            subject=payload.subject,
            audience=Audience(
                unit=payload.unit,
                roles=frozenset(payload.roles),
                officer=payload.officer,
                among=frozenset(payload.among),
            ),
            urgent=payload.urgent,
            # Of this handler's own span, so that the e-mail hangs below it.
            traceparent=current_traceparent() or message.traceparent,
        )
        told = await notify_people(self._desk.on(session), request, message.author)
        # Nobody to tell is worth a person's look: a unit without a duty officer hears of nothing.
        (_log.info if told else _log.warning)("notifications.told", template=request.template, people=told)

    async def contact_changed(self, session: AsyncSession, message: topics_pb2.Message) -> None:
        """Keeps what identity tells of a person."""
        payload = _payload(events_pb2.ContactChanged, message)
        contact = Contact(
            officer=payload.officer,
            email=payload.email,
            language=payload.language,
            grants=frozenset((grant.role, grant.unit) for grant in payload.grants),
            active=payload.active,
            version=payload.version,
        )
        await keep_contact(self._desk.on(session), contact, message.author)


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
