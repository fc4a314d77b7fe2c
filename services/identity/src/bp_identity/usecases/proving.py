"""What proves who somebody is, and says so to others: hashes, one-time codes, authenticators, tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bp_identity.domain.passkey import Passkey


@dataclass(frozen=True)
class Seen:
    """What an authenticator's answer shows once it is verified.

    Attributes:
        credential_id: By which the authenticator knows the passkey, base64url.
        public_key: The passkey's, COSE; empty where it was known before.
        sign_count: How often it has signed.
        synced: Its maker copies it to the owner's other devices.
    """

    credential_id: str
    public_key: bytes
    sign_count: int
    synced: bool


class Authenticators(Protocol):
    """What keeps passkeys: verifies what they say (WebAuthn)."""

    def registered(self, credential: Mapping[str, Any], challenge: bytes) -> Seen:
        """Returns the new passkey; refused with PASSKEY_REFUSED where it is none, or nobody was seen to hold it."""
        ...

    def asserted(self, credential: Mapping[str, Any], challenge: bytes, passkey: Passkey) -> Seen:
        """Returns what the passkey shows; refused with SIGN_IN_FAILED where it did not sign, or nobody was seen to hold it."""
        ...


class PasswordHasher(Protocol):
    """Slow hashes of passwords."""

    async def hash(self, password: str) -> str:
        """Returns the password's hash, with its own salt and cost."""
        ...

    async def verify(self, password_hash: str, password: str) -> bool:
        """Tells whether it is the password; takes the same time for an empty hash, which never fits."""
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Tells whether it was made at another cost than today's."""
        ...


class OneTimeCodes(Protocol):
    """TOTP secrets (RFC 6238) and their codes."""

    def new_secret(self) -> str:
        """Returns a new secret in base32."""
        ...

    def uri(self, secret: str, label: str) -> str:
        """Returns the `otpauth://` address of a secret."""
        ...

    def seal(self, officer: str, secret: str) -> str:
        """Returns the secret as it is kept."""
        ...

    def match(self, officer: str, sealed: str, code: str, now: datetime) -> int | None:
        """Returns the time step whose code it is, now or one step around; None when it is none's."""
        ...


@dataclass(frozen=True)
class TokenSubject:
    """Whom a token is for.

    Attributes:
        name: Officer or client.
        roles: `role@unit`.
        not_after: The token must end by then, if not None.
        client: The OAuth client; empty for the sign-in call.
        scope: OAuth scope.
        clearance: How far the own country has cleared the officer.
        thumbprint: Of the key that the token is bound to; empty for none.
    """

    name: str
    roles: list[str]
    not_after: datetime | None
    client: str = ""
    scope: str = ""
    clearance: int = 0
    thumbprint: str = ""


class TokenMinter(Protocol):
    """Makes access tokens."""

    def access_token(self, subject: TokenSubject, now: datetime) -> tuple[str, datetime]:
        """Returns a signed token and when it ends."""
        ...
