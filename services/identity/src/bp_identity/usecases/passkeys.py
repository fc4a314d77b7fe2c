"""Passkeys: registered by an officer who has signed in, listed, forgotten; and what they prove."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bp_identity.domain.names import officer_of
from bp_identity.domain.passkey import Passkey, check_passkey_room
from bp_identity.usecases.boundaries import require_self_or_administrator
from bp_identity.usecases.ending import end_sessions_of
from bp_identity.usecases.work import Desk, Work
from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.listing import Listed, Listing

_LONGEST_NAME = 60
# At most 1023 bytes, base64url (WebAuthn Level 3, 4).
_CREDENTIAL_ID = re.compile(r"[A-Za-z0-9_-]{1,1364}")


@dataclass(frozen=True)
class Assertion:
    """What an authenticator gave to sign in.

    Attributes:
        credential: As the browser gives it, JSON.
        challenge: What it had to sign.
    """

    credential: Mapping[str, Any]
    challenge: bytes

    @property
    def credential_id(self) -> str:
        """Which passkey it says it is."""
        told = str(self.credential.get("id", ""))
        return told if _CREDENTIAL_ID.fullmatch(told) else ""


async def list_passkeys(work: Work, principal: Principal, listing: Listing) -> Listed[Passkey]:
    """Returns a page of an officer's passkeys.

    Raises:
        Refused: PERMISSION_DENIED, NOT_FOUND, INVALID_PAGE_TOKEN.
    """
    require_self_or_administrator(work, principal, listing.parent)
    return await work.passkeys.page(listing)


async def register_passkey(work: Work, desk: Desk, officer: str, assertion: Assertion, display_name: str) -> Passkey:
    """Keeps a new passkey of an officer who has just signed in.

    Raises:
        Refused: PASSKEY_REFUSED, TOO_MANY_PASSKEYS.
    """
    # Locked, so that of two at once the second sees the first.
    if await work.credentials.find(officer, for_change=True) is None:
        raise Refused("PASSKEY_REFUSED")
    check_passkey_room(await work.passkeys.of_officer(officer))
    made = desk.authenticators.registered(assertion.credential, assertion.challenge)
    if await work.passkeys.find_by_credential(made.credential_id) or not await work.passkeys.use_challenge(
        assertion.challenge, work.clock()
    ):
        raise Refused("PASSKEY_REFUSED")
    passkey = Passkey(
        name=f"{officer}/passkeys/{work.ids()}",
        officer=officer,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        synced=made.synced,
        display_name="".join(letter for letter in display_name if letter.isprintable()).strip()[:_LONGEST_NAME],
        create_time=work.clock(),
    )
    await work.passkeys.add(passkey)
    await work.directory.sign_in_changed("passkey_added", passkey.name, (officer,))
    return passkey


async def delete_passkey(work: Work, principal: Principal, name: str) -> None:
    """Forgets a passkey; whoever signed in is signed out, since nobody knows who held it.

    Raises:
        Refused: PERMISSION_DENIED, NOT_FOUND.
    """
    officer = officer_of(name)
    require_self_or_administrator(work, principal, officer)
    if not await work.passkeys.remove(officer, name):
        raise Refused("NOT_FOUND", name=name)
    await end_sessions_of(work, officer)


async def assert_passkey(work: Work, desk: Desk, assertion: Assertion) -> Passkey:
    """Returns the passkey that signed the challenge, which works once.

    Raises:
        Refused: SIGN_IN_FAILED.
    """
    passkey = await work.passkeys.find_by_credential(assertion.credential_id)
    if passkey is None:
        raise Refused("SIGN_IN_FAILED")
    seen = desk.authenticators.asserted(assertion.credential, assertion.challenge, passkey)
    if not await work.passkeys.use_challenge(assertion.challenge, work.clock()):
        raise Refused("SIGN_IN_FAILED")
    used = passkey.used(seen.sign_count, synced=seen.synced, now=work.clock())
    await work.passkeys.save(used)
    return used
