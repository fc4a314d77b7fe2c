"""The queue of e-mails: what is sent next, to whom, in which language, and what follows from how it went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bp_notifications.domain.mail import QueuedMail, wait_before
from bp_notifications.usecases.notifications import reading_language
from bp_notifications.usecases.work import Work

_DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True)
class Addressed:
    """An e-mail with what is known of its reader now."""

    mail: QueuedMail
    email: str
    language: str


async def claim_mail(work: Work) -> QueuedMail | None:
    """Returns the next e-mail that is due, if any; nobody else gets it for a while."""
    now = work.clock()
    return await work.mails.claim(now, now + work.rules.claim)


async def address_mail(work: Work, mail: QueuedMail) -> Addressed | None:
    """Returns the e-mail with its reader's address and language; None where nobody may get it any more."""
    contact = await work.contacts.find(mail.officer)
    if contact is None or not contact.active or not contact.email:
        return None
    return Addressed(mail, contact.email, await reading_language(work, mail.officer, _DEFAULT_LANGUAGE))


async def repeat_mail(work: Work, mail: QueuedMail, spread: float) -> timedelta:
    """Puts an e-mail off that was refused for now; returns for how long.

    Args:
        work: The transaction's parts.
        mail: The e-mail.
        spread: 0 to 1, by chance: shortens the wait by up to half, so that not all come back at once.
    """
    wait = wait_before(mail.attempts + 1, work.rules.retry) * (1 - spread / 2)
    await work.mails.put_off(mail.mail_id, work.clock() + wait, counts=True)
    return wait


async def return_mail(work: Work, mail: QueuedMail) -> None:
    """Gives a claimed e-mail back that could not be tried, because the server was not there."""
    await work.mails.put_off(mail.mail_id, work.clock(), counts=False)


async def tidy_up(work: Work, batch: int) -> tuple[int, int]:
    """Gives up e-mails that are too old, and forgets what is past keeping.

    Returns:
        How many e-mails were given up, how many notifications were forgotten.
    """
    now = work.clock()
    given_up = await work.mails.give_up(now - work.rules.mail_lifetime)
    await work.mails.forget(now - work.rules.notification_lifetime)
    return given_up, await work.notifications.forget(now - work.rules.notification_lifetime, batch)
