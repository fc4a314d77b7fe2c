"""Sending by SMTP (RFC 5321): what each answer means, and nothing of a person in what is told of it."""

from __future__ import annotations

import asyncio
import dataclasses
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Literal

import aiosmtplib

Security = Literal["none", "starttls", "tls"]
_CLOSING = 421
_PERMANENT = 500


class MailUndelivered(Exception):  # noqa: N818 - reads as what happened
    """An e-mail was not taken.

    Args:
        reason: A code for logs and the queue: `SMTP_550`, `TIMEOUT`. Never the server's words, which may name people.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MailRefused(MailUndelivered):
    """The server will never take this e-mail."""


class MailDeferred(MailUndelivered):
    """The server does not take this e-mail now."""


class MailServerDown(MailUndelivered):
    """The server is not there, or takes nothing from us: no e-mail can be sent now."""


@dataclasses.dataclass(frozen=True)
class MailServer:
    """Where e-mails go.

    Attributes:
        host: Its name.
        port: Its port.
        security: `starttls` and `tls` verify its certificate, or nothing is sent.
        username: Empty for no sign-in.
        password: Of that user.
        ca_file: PEM file of authorities to trust instead of the system's; empty for those.
        timeout: Seconds for connecting and for each e-mail as a whole.
    """

    host: str
    port: int
    security: Security = "none"
    username: str = ""
    password: str = dataclasses.field(default="", repr=False)
    ca_file: str = ""
    timeout: float = 30.0


class SmtpMailer:
    """Opens sessions with the mail server.

    Args:
        server: Where e-mails go.
    """

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._tls = ssl.create_default_context(cafile=server.ca_file or None) if server.security != "none" else None

    @asynccontextmanager
    async def session(self) -> AsyncIterator[SmtpSession]:
        """Gives a session that connects when the first e-mail is sent, and ends with the block."""
        session = SmtpSession(self._server, self._tls)
        try:
            yield session
        finally:
            await session.aclose()


class SmtpSession:
    """One connection, for as many e-mails as there are.

    Args:
        server: Where.
        tls: Verifies its certificate; None for a connection in clear.
    """

    def __init__(self, server: MailServer, tls: ssl.SSLContext | None) -> None:
        self._server = server
        self._tls = tls
        self._smtp: aiosmtplib.SMTP | None = None

    async def send(self, message: EmailMessage) -> None:
        """Returns when the server has taken the e-mail.

        Raises:
            MailRefused: Never.
            MailDeferred: Not now.
            MailServerDown: None can be sent now.
        """
        try:
            async with asyncio.timeout(self._server.timeout):
                smtp = self._smtp or await self._connect()
                await self._hand_over(smtp, message)
        except TimeoutError:
            raise MailServerDown("TIMEOUT") from None

    async def aclose(self) -> None:
        """Ends the connection."""
        if self._smtp is None:
            return
        try:
            async with asyncio.timeout(1):
                await self._smtp.quit()
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            self._smtp.close()

    async def _connect(self) -> aiosmtplib.SMTP:
        server = self._server
        smtp = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username or None,
            password=server.password or None,
            timeout=server.timeout,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=self._tls,
        )
        try:
            await smtp.connect()
        except aiosmtplib.SMTPResponseException as error:
            raise MailServerDown(f"CONNECT_{error.code}") from None
        except aiosmtplib.SMTPTimeoutError:
            raise MailServerDown("TIMEOUT") from None
        except ssl.SSLError:
            raise MailServerDown("TLS") from None
        except OSError as error:
            raise MailServerDown("TLS" if isinstance(error.__cause__, ssl.SSLError) else "CONNECT") from None
        except aiosmtplib.SMTPException:
            # It offers no STARTTLS, or no sign-in.
            raise MailServerDown("NOT_OFFERED") from None
        self._smtp = smtp
        return smtp

    async def _hand_over(self, smtp: aiosmtplib.SMTP, message: EmailMessage) -> None:
        try:
            await smtp.send_message(message)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            raise _meaning(refused.recipients[0].code) from None
        except aiosmtplib.SMTPSenderRefused as refused:
            # It is our sender that is not wanted: a setting, not this e-mail.
            raise MailServerDown(f"SENDER_{refused.code}") from None
        except aiosmtplib.SMTPResponseException as error:
            raise _meaning(error.code) from None
        except aiosmtplib.SMTPNotSupported:
            raise MailRefused("ADDRESS_NOT_ASCII") from None
        except aiosmtplib.SMTPTimeoutError:
            raise MailServerDown("TIMEOUT") from None
        except (aiosmtplib.SMTPException, OSError):
            raise MailServerDown("DISCONNECTED") from None
        except ValueError:
            raise MailRefused("ADDRESS_INVALID") from None


def _meaning(code: int) -> MailUndelivered:
    reason = f"SMTP_{code}"
    if code == _CLOSING or code < 0:
        return MailServerDown(reason)
    return MailRefused(reason) if code >= _PERMANENT else MailDeferred(reason)


def is_sender(text: str) -> bool:
    """Tells whether a text can stand in From: an address, or a name with one."""
    address = parseaddr(text)[1]
    return text.isprintable() and address.count("@") == 1 and not address.startswith("@") and not address.endswith("@")
