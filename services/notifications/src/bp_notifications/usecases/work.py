"""What use cases need: repositories, templates, those who wait for news, the clock. All within one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bp_kit.listing import Listed, Listing
from bp_notifications.domain.contact import Contact
from bp_notifications.domain.mail import QueuedMail
from bp_notifications.domain.notification import Notification
from bp_notifications.domain.preferences import Preferences

# Rung when e-mails were queued; people are rung by their names.
MAIL = "mail"


class Contacts(Protocol):
    """What identity told of the people here."""

    async def find(self, officer: str, *, for_change: bool = False) -> Contact | None:
        """Returns the contact, locked when it is to be changed."""
        ...

    async def save(self, contact: Contact) -> None:
        """Keeps a contact."""
        ...

    async def holders(self, unit: str) -> list[Contact]:
        """Returns those who hold a role in a unit, with their roles there, by name: all who write lock people in the same order."""
        ...

    async def next_position(self, officer: str) -> int:
        """Returns the position of the person's next notification; until this transaction ends nobody else gets one."""
        ...

    async def positions(self, officers: Sequence[str]) -> dict[str, int]:
        """Returns the positions of people's newest notifications."""
        ...


class Notifications(Protocol):
    """Notifications of people here."""

    async def find(self, name: str, *, for_change: bool = False) -> Notification | None:
        """Returns the notification, locked when it is to be changed."""
        ...

    async def told(self, cause: str) -> set[str]:
        """Returns who has a notification of that cause."""
        ...

    async def add(self, notification: Notification) -> None:
        """Keeps a new notification."""
        ...

    async def save(self, notification: Notification) -> None:
        """Keeps a changed notification."""
        ...

    async def page(self, listing: Listing) -> Listed[Notification]:
        """Returns a page of one person's notifications, newest first."""
        ...

    async def after(self, officer: str, position: int, limit: int, *, unread: bool) -> list[Notification]:
        """Returns the person's notifications after a position, oldest first; only unread ones where asked for."""
        ...

    async def unread_count(self, officer: str) -> int:
        """Returns how many the person has not read."""
        ...

    async def mark_read(self, officer: str, up_to: int | None, now: datetime) -> int:
        """Marks the person's notifications up to a position (None: all) as read; returns how many were not."""
        ...

    async def forget(self, before: datetime, limit: int) -> int:
        """Deletes notifications made before a moment, so many at most; returns how many."""
        ...


class PreferencesBook(Protocol):
    """What people decided."""

    async def find(self, officer: str, *, for_change: bool = False) -> Preferences:
        """Returns the person's preferences, locked when they are to be changed; as they are for everybody before a decision."""
        ...

    async def save(self, preferences: Preferences) -> None:
        """Keeps a person's preferences."""
        ...

    async def of(self, officers: Sequence[str]) -> dict[str, Preferences]:
        """Returns the preferences of several people."""
        ...


class MailQueue(Protocol):
    """E-mails that wait."""

    async def add(self, mail: QueuedMail) -> None:
        """Queues an e-mail, due at once."""
        ...

    async def claim(self, now: datetime, until: datetime) -> QueuedMail | None:
        """Returns the next e-mail that is due, urgent ones first; nobody else gets it before `until`."""
        ...

    async def done(self, mail_id: str) -> None:
        """Takes an e-mail out of the queue."""
        ...

    async def put_off(self, mail_id: str, due_time: datetime, *, counts: bool) -> None:
        """Makes an e-mail due later; counted as an attempt, or not."""
        ...

    async def set_aside(self, mail_id: str, reason: str) -> None:
        """Keeps an e-mail as refused; it is not tried again."""
        ...

    async def release_claims(self, now: datetime) -> None:
        """Makes what a process that died had claimed due at once; for databases that one process uses alone."""
        ...

    async def give_up(self, before: datetime) -> int:
        """Sets aside what has waited since before a moment; returns how many."""
        ...

    async def forget(self, before: datetime) -> int:
        """Deletes what was set aside and queued before a moment; returns how many."""
        ...


class Templates(Protocol):
    """What notifications say."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that every template has."""
        ...

    def __contains__(self, template: str) -> bool:
        """Tells whether there is such a template."""
        ...


class Chimes(Protocol):
    """Those who wait for news."""

    def ring(self, key: str) -> None:
        """Wakes those who wait for that, once the transaction commits."""
        ...


@dataclass(frozen=True)
class Rules:
    """What a node's operators decide.

    Attributes:
        home: Codes of the countries whose people are kept here.
        retry: First wait before an e-mail is tried again.
        claim: How long an e-mail that is being sent is nobody else's.
        mail_lifetime: How long an e-mail is tried.
        notification_lifetime: How long notifications are kept.
        stream_limit: Live streams of one person at once.
        stream_seconds: Age at which a live stream ends.
    """

    home: frozenset[str]
    retry: timedelta
    claim: timedelta
    mail_lifetime: timedelta
    notification_lifetime: timedelta
    stream_limit: int
    stream_seconds: float


@dataclass(frozen=True)
class Work:
    """One transaction's parts."""

    contacts: Contacts
    notifications: Notifications
    preferences: PreferencesBook
    mails: MailQueue
    templates: Templates
    chimes: Chimes
    rules: Rules
    clock: Callable[[], datetime]
    ids: Callable[[], str]


Transactions = Callable[[], AbstractAsyncContextManager[Work]]
