"""E-mails that wait to be sent, and when they are tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True)
class QueuedMail:
    """An e-mail about a notification. Its address and words are found when it is sent, so that they are the newest.

    Attributes:
        mail_id: UUID; its Message-ID is made of it, so that a repeat is known as one.
        officer: Who gets it.
        template: What happened.
        subject: The record's name.
        urgent: Goes before others.
        traceparent: W3C trace context of what caused it.
        attempts: How often it was put off.
        create_time: When it was queued; its Date.
    """

    mail_id: str
    officer: str
    template: str
    subject: str
    urgent: bool
    traceparent: str
    attempts: int
    create_time: datetime


def wait_before(attempt: int, first: timedelta, longest: timedelta = LONGEST_WAIT) -> timedelta:
    """Returns how long to wait before an attempt is repeated: the first wait, doubled each time, up to the longest.

    Args:
        attempt: 1 after the first attempt.
        first: The first wait.
        longest: The longest wait.
    """
    # Without the bound a long outage would overflow.
    return min(first * (1 << min(attempt - 1, 32)), longest)
