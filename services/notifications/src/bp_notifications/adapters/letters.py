"""An e-mail as RFC 5322 has it: plain text and HTML, and nothing in its headers that a stranger could not see."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from bp_notifications.adapters.wording import Letter
from bp_notifications.usecases.mails import Addressed


def compose(addressed: Addressed, letter: Letter, mail_from: str) -> EmailMessage:
    """Returns the message. The same e-mail always has the same Message-ID, so that a repeat is known as one.

    Args:
        addressed: To whom, and about what.
        letter: The words.
        mail_from: The sender: an address, or a name with one in angle brackets.
    """
    mail = addressed.mail
    domain = parseaddr(mail_from)[1].rpartition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["From"] = mail_from
    message["To"] = addressed.email
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(mail.create_time)
    message["Message-ID"] = f"<{mail.mail_id}@{domain}>"
    # RFC 3834: nobody's holiday reply should answer.
    message["Auto-Submitted"] = "auto-generated"
    if mail.urgent:
        message["Importance"] = "high"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    # Last, because what is set before belongs to the parts.
    message["Content-Language"] = letter.language
    return message
