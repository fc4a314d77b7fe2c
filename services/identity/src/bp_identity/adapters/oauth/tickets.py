"""What pages give a browser to bring back: a challenge for its authenticator, and who has just signed in. Both are of no use to another."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bp_identity.adapters.oauth.web import Asked
from bp_identity.usecases.passkeys import Assertion
from bp_kit.sealing import Sealer

_NONCE_BYTES, _TIME_BYTES, _CHALLENGE_BYTES = 16, 8, 56
_CHALLENGE_LIFETIME = timedelta(minutes=10)
_TICKET_LIFETIME = timedelta(minutes=15)
_LONGEST_CREDENTIAL = 20000


@dataclass(frozen=True)
class Ticket:
    """Somebody who has just signed in to the account page.

    Attributes:
        officer: Name of the officer.
        made: When.
    """

    officer: str
    made: datetime


class Tickets:
    """Makes and reads them. A challenge is not kept anywhere until it has been signed, so that strangers cannot fill a table.

    Args:
        secret: 32 bytes.
        now: The time now, in UTC.
    """

    def __init__(self, secret: bytes, now: Callable[[], datetime]) -> None:
        self._secret = secret
        self._sealer = Sealer(secret)
        self._now = now

    def challenge(self, form_key: str) -> bytes:
        """Returns a challenge for a browser's authenticator."""
        until = int((self._now() + _CHALLENGE_LIFETIME).timestamp()).to_bytes(_TIME_BYTES, "big")
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + until + self._signature(nonce + until, form_key)

    def assertion(self, asked: Asked, form_key: str) -> Assertion | None:
        """Returns what the browser's authenticator gave for a challenge of ours; None without."""
        typed = asked.typed("credential")
        if not typed or len(typed) > _LONGEST_CREDENTIAL:
            return None
        try:
            credential = json.loads(typed)
            challenge = base64.urlsafe_b64decode(asked.typed("challenge").encode() + b"==")
        except (ValueError, RecursionError):
            return None
        known = isinstance(credential, dict) and self._is_ours(challenge, form_key)
        return Assertion(credential, challenge) if known else None

    def issue(self, officer: str, form_key: str) -> str:
        """Returns a ticket of an officer who has just signed in, or done something with one."""
        return self._sealer.seal(json.dumps([officer, self._now().timestamp()]).encode(), _context(form_key))

    def read(self, ticket: str, form_key: str) -> Ticket | None:
        """Returns what a ticket says; None where it is not this browser's, or too old."""
        try:
            officer, made = json.loads(self._sealer.open(ticket, _context(form_key)))
        except ValueError:
            return None
        moment = datetime.fromtimestamp(made, UTC)
        return Ticket(officer, moment) if self._now() < moment + _TICKET_LIFETIME else None

    def _is_ours(self, challenge: bytes, form_key: str) -> bool:
        content, signature = challenge[: _NONCE_BYTES + _TIME_BYTES], challenge[_NONCE_BYTES + _TIME_BYTES :]
        fits = len(challenge) == _CHALLENGE_BYTES and hmac.compare_digest(signature, self._signature(content, form_key))
        return fits and self._now().timestamp() < int.from_bytes(content[_NONCE_BYTES:], "big")

    def _signature(self, content: bytes, form_key: str) -> bytes:
        return hmac.new(self._secret, b"challenge:" + content + form_key.encode(), hashlib.sha256).digest()


def _context(form_key: str) -> bytes:
    return b"account:" + form_key.encode()


def encoded(challenge: bytes) -> str:
    """Returns a challenge as a form carries it."""
    return base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
