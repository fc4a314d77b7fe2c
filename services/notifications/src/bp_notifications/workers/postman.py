"""Sends the queued e-mails, urgent ones first, as long as there are any and the mail server takes them.

An e-mail leaves the queue only after the server has said that it has it, in a transaction of its own; whoever dies between the two sends
it again, with the same Message-ID. What becomes of an e-mail follows from the server's answer:

- taken: out of the queue;
- refused for good (5xx on its recipient or content): set aside with the code, never tried again;
- refused for now (4xx on its recipient or content): put off, for longer each time; the others go on;
- the server is not there, too slow, closing, or does not want us (greeting, TLS, sign-in, sender): no e-mail is at fault, all wait
  together, and only one is tried after each pause.
"""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

from opentelemetry.trace import Span, SpanKind, StatusCode
from sqlalchemy.exc import SQLAlchemyError

from bp_kit.logs import described, get_logger
from bp_kit.telemetry import span
from bp_notifications.adapters.letters import compose
from bp_notifications.adapters.smtp import MailRefused, MailServerDown, MailUndelivered, SmtpMailer, SmtpSession
from bp_notifications.adapters.unit_of_work import Desk
from bp_notifications.domain.mail import QueuedMail, wait_before
from bp_notifications.usecases import mails
from bp_notifications.usecases.work import MAIL

_LONGEST_PAUSE = timedelta(minutes=5)
_UNFORESEEN = "UNFORESEEN"
_NOBODY = "NOBODY"
_TEMPLATE_GONE = "TEMPLATE_UNKNOWN"
_log = get_logger("bp_notifications.mail")


class Postman:
    """Sends what is queued; a worker.

    Args:
        desk: Makes the parts of a transaction.
        mailer: Reaches the mail server.
        mail_from: The sender.
        poll_seconds: How often to look for what other processes queued, or what is due again.
    """

    def __init__(self, desk: Desk, mailer: SmtpMailer, *, mail_from: str, poll_seconds: float) -> None:
        self._desk = desk
        self._mailer = mailer
        self._mail_from = mail_from
        self._poll_seconds = poll_seconds

    async def run(self) -> None:
        """Sends until cancelled."""
        failures = 0
        with self._desk.board.heard(MAIL) as rung:
            await self._take_over()
            while True:
                _stop_if_cancelled()
                rung.clear()
                if await self._round():
                    failures = 0
                    await _wait(rung, self._poll_seconds)
                else:
                    failures += 1
                    pause = wait_before(failures, self._desk.rules.retry, _LONGEST_PAUSE)
                    await asyncio.sleep(pause.total_seconds() * random.uniform(0.5, 1))  # noqa: S311 - jitter

    async def _take_over(self) -> None:
        """Makes what a process that died was about to send due at once, where no other process can be sending it."""
        if not self._desk.database.is_sqlite:
            return
        try:
            async with self._desk.transaction() as work:
                await work.mails.release_claims(work.clock())
        except SQLAlchemyError as error:
            _log.warning("mail.queue_unreadable", error=type(error).__name__)

    async def _round(self) -> bool:
        """Sends everything that is due; False when the server or the database is not there."""
        try:
            async with self._mailer.session() as session:
                while mail := await self._claim():
                    if not await self._send(session, mail):
                        return False
        except SQLAlchemyError as error:
            _log.warning("mail.queue_unreadable", error=type(error).__name__)
            return False
        return True

    async def _claim(self) -> QueuedMail | None:
        _stop_if_cancelled()
        async with self._desk.transaction() as work:
            return await mails.claim_mail(work)

    async def _send(self, session: SmtpSession, mail: QueuedMail) -> bool:
        """Tries one e-mail; False when none can be sent now."""
        with span(
            "notifications.mail.send",
            scope="bp_notifications",
            traceparent=mail.traceparent,
            kind=SpanKind.CLIENT,
            attributes={"mail.template": mail.template, "mail.attempt": mail.attempts + 1},
        ) as current:
            try:
                await self._hand_over(session, mail)
            except MailUndelivered as undelivered:
                _mark(current, undelivered.reason)
                return await self._undelivered(mail, undelivered)
            except SQLAlchemyError:
                raise
            except Exception as error:  # noqa: BLE001 - one e-mail that cannot be made must not hold up the others
                _log.error("mail.failed", mail=mail.mail_id, **described(error))
                _mark(current, _UNFORESEEN)
                await self._put_off(mail, _UNFORESEEN)
                return True
            async with self._desk.transaction() as work:
                await work.mails.done(mail.mail_id)
            _log.info("mail.sent", mail=mail.mail_id, template=mail.template, attempt=mail.attempts + 1)
            return True

    async def _hand_over(self, session: SmtpSession, mail: QueuedMail) -> None:
        async with self._desk.reading() as work:
            addressed = await mails.address_mail(work, mail)
        if addressed is None:
            raise MailRefused(_NOBODY)
        if mail.template not in self._desk.wording:
            raise MailRefused(_TEMPLATE_GONE)
        letter = self._desk.wording.letter(
            mail.template, subject=mail.subject, urgent=mail.urgent, language=addressed.language
        )
        await session.send(compose(addressed, letter, self._mail_from))

    async def _undelivered(self, mail: QueuedMail, undelivered: MailUndelivered) -> bool:
        if isinstance(undelivered, MailServerDown):
            _log.warning("mail.waiting", reason=undelivered.reason)
            async with self._desk.transaction() as work:
                await mails.return_mail(work, mail)
            return False
        if isinstance(undelivered, MailRefused):
            _log.error("mail.refused", mail=mail.mail_id, reason=undelivered.reason)
            async with self._desk.transaction() as work:
                await work.mails.set_aside(mail.mail_id, undelivered.reason)
        else:
            await self._put_off(mail, undelivered.reason)
        return True

    async def _put_off(self, mail: QueuedMail, reason: str) -> None:
        async with self._desk.transaction() as work:
            wait = await mails.repeat_mail(work, mail, random.random())  # noqa: S311 - jitter
        _log.warning("mail.deferred", mail=mail.mail_id, reason=reason, seconds=round(wait.total_seconds()))


def _mark(current: Span, reason: str) -> None:
    current.set_attribute("error.type", reason)
    current.set_status(StatusCode.ERROR)


def _stop_if_cancelled() -> None:
    """Ends a worker that was cancelled without noticing.

    aiosmtplib waits with `asyncio.wait_for`, which before Python 3.12 swallows a cancellation that arrives together with an answer.
    """
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError


async def _wait(rung: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await rung.wait()
    except TimeoutError:
        return
