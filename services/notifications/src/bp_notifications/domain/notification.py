"""Notifications: one a person and cause."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bp_notifications.domain.contact import Audience
from bp_notifications.domain.names import notification_name

UNREAD = "UNREAD"
READ = "READ"


@dataclass(frozen=True)
class NotificationRequest:
    """A service asks that people hear of something.

    Attributes:
        cause: Id of the message that asks; a repeat has the same.
        template: What happened: `cooperation.request_received`.
        subject: The record's name.
        audience: Whom it concerns.
        urgent: Mailed at once whatever the preferences.
        traceparent: W3C trace context of what caused it.
    """

    cause: str
    template: str
    subject: str
    audience: Audience
    urgent: bool
    traceparent: str


@dataclass(frozen=True)
class Notification:
    """Something one person should know.

    Attributes:
        officer: Whose it is.
        position: Counts the person's notifications from 1, without gaps, in the order in which they became visible.
        notification_id: UUID.
        cause: Id of the message that asked for it.
        template: What happened.
        subject: The record's name.
        urgent: Mailed at once whatever the preferences.
        create_time: When it was made.
        state: UNREAD or READ.
        read_time: When the person read it.
    """

    officer: str
    position: int
    notification_id: str
    cause: str
    template: str
    subject: str
    urgent: bool
    create_time: datetime
    state: str = UNREAD
    read_time: datetime | None = None

    @property
    def name(self) -> str:
        """`countries/TON/officers/mele/notifications/{uuid}`."""
        return notification_name(self.officer, self.notification_id)

    def read(self, now: datetime) -> Notification:
        """Returns it as read; the first time stands."""
        return self if self.state == READ else replace(self, state=READ, read_time=now)
