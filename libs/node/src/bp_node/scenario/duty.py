"""Being on duty: what a person's live stream and mailbox bring, with nothing missed and nothing counted twice."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage

from bluepacific.notifications.v1 import notification_pb2, notification_service_pb2
from bp_client import AsyncBluePacific
from bp_node.scenario.cast import Cast


class LiveStream:
    """What came on the event stream since it was opened.

    Attributes:
        events: Moment of arrival (monotonic seconds) and notification, in order.
    """

    def __init__(self) -> None:
        self.events: list[tuple[float, notification_pb2.Notification]] = []

    def of(self, subject: str) -> list[tuple[float, notification_pb2.Notification]]:
        """Returns what came about one record."""
        return [(moment, event) for moment, event in self.events if event.subject == subject]

    def counts(self, subjects: set[str]) -> Counter[str]:
        """Returns how often each of the records was told of."""
        return Counter(event.subject for _, event in self.events if event.subject in subjects)


@asynccontextmanager
async def listening(client: AsyncBluePacific, officer: str) -> AsyncIterator[LiveStream]:
    """Keeps a person's event stream open within the block, as a browser does: from now on, and opened again after each break.

    Args:
        client: Signed in as that person.
        officer: `countries/TON/officers/mele`.
    """
    listed = await client.notifications.notifications.ListNotifications(
        notification_service_pb2.ListNotificationsRequest(parent=officer, page_size=1)
    )
    newest = listed.notifications[0].name if listed.notifications else ""
    asked = notification_service_pb2.WatchNotificationsRequest(parent=officer, after=newest)
    stream = LiveStream()

    async def listen() -> None:
        async for event in client.follow(client.notifications.notifications.WatchNotifications, asked):
            stream.events.append((time.monotonic(), event))

    task = asyncio.create_task(listen())
    try:
        yield stream
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def notifications_of(client: AsyncBluePacific, officer: str, subject: str) -> list[notification_pb2.Notification]:
    """Returns a person's newest notifications of one record, and of what belongs to it."""
    answer = await client.notifications.notifications.ListNotifications(
        notification_service_pb2.ListNotificationsRequest(parent=officer, page_size=100)
    )
    return [one for one in answer.notifications if one.subject.startswith(subject)]


def mails_about(cast: Cast, address: str, subject: str) -> list[EmailMessage]:
    """Returns the e-mails to an address that lead to a record. A repeat with the same Message-ID is the same e-mail to every mailbox."""
    found = [mail for mail in cast.mails().values() if mail["x-envelope-to"] == address and subject in text_of(mail)]
    return list({mail["message-id"]: mail for mail in found}.values())


def text_of(mail: EmailMessage) -> str:
    """Returns all that can be read in an e-mail: its headers and every text part."""
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*(f"{name}: {value}" for name, value in mail.items()), *parts])
