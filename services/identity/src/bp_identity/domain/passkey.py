"""A passkey: a key of an officer's own device that signs in without a password (WebAuthn)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bp_kit.errors import Refused

MOST_PASSKEYS = 10
# RFC 8176: a key in hardware or one that its maker copies; and that the device saw its owner's finger, face or PIN.
_HARDWARE, _SOFTWARE, _USER = "hwk", "swk", "user"


@dataclass(frozen=True)
class Passkey:
    """A passkey.

    Attributes:
        name: `countries/FJI/officers/ana/passkeys/0198...`.
        officer: Whose.
        credential_id: By which the authenticator knows it, base64url.
        public_key: Verifies what it signs, COSE.
        sign_count: How often it has signed, where its maker counts.
        synced: Its maker copies it to the owner's other devices.
        display_name: What its owner calls it.
        create_time: When it was registered.
        last_use_time: When it last signed in; None before.
    """

    name: str
    officer: str
    credential_id: str
    public_key: bytes
    sign_count: int
    synced: bool
    display_name: str
    create_time: datetime
    last_use_time: datetime | None = None

    @property
    def methods(self) -> tuple[str, ...]:
        """What it proves, by RFC 8176."""
        return (_SOFTWARE if self.synced else _HARDWARE, _USER)

    def used(self, sign_count: int, *, synced: bool, now: datetime) -> Passkey:
        """Returns it after it has signed in."""
        return replace(self, sign_count=sign_count, synced=synced, last_use_time=now)


def check_passkey_room(passkeys: Sequence[Passkey]) -> None:
    """Refuses a further passkey to one who has as many as one may have.

    Raises:
        Refused: TOO_MANY_PASSKEYS.
    """
    if len(passkeys) >= MOST_PASSKEYS:
        raise Refused("TOO_MANY_PASSKEYS", limit=MOST_PASSKEYS)
