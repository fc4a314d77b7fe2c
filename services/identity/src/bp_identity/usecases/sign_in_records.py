"""Where sign-in is kept: credentials, sessions, codes, passkeys, attempts. Within one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bp_identity.domain.code import AuthorizationCode
from bp_identity.domain.credential import Credential
from bp_identity.domain.device import DeviceGrant
from bp_identity.domain.passkey import Passkey
from bp_identity.domain.recovery import Recovery
from bp_identity.domain.session import RefreshToken, Session
from bp_identity.domain.throttle import Throttle
from bp_kit.listing import Listed, Listing


class Credentials(Protocol):
    """What proves who signs in."""

    async def find(self, officer: str, *, for_change: bool = False) -> Credential | None:
        """Returns the officer's credential, locked when to be changed."""
        ...

    async def save(self, credential: Credential) -> None:
        """Keeps it, new or changed."""
        ...


class Sessions(Protocol):
    """Sessions and their refresh tokens."""

    async def find(self, digest: str) -> tuple[Session, RefreshToken] | None:
        """Returns the session and the token of that digest, both locked."""
        ...

    async def add(self, session: Session) -> None:
        """Keeps a new session."""
        ...

    async def add_token(self, token: RefreshToken) -> None:
        """Keeps a new token."""
        ...

    async def find_by_name(self, name: str, now: datetime) -> Session | None:
        """Returns the session of that name if it lasts."""
        ...

    async def page(self, listing: Listing, now: datetime) -> Listed[Session]:
        """Returns a page of one officer's sessions that last, oldest first."""
        ...

    async def use_token(self, digest: str, now: datetime) -> None:
        """Marks a token as used, and every other token of its session as superseded."""
        ...

    async def ended_since(self, officer: str, moment: datetime) -> bool:
        """Tells whether a session of an officer that lasted at that moment has been ended since, before its time."""
        ...

    async def revoke(self, now: datetime, *, session_id: str = "", officer: str = "", client: str = "") -> None:
        """Ends one session, all of an officer, or all of a client."""
        ...


class Voids(Protocol):
    """From when on access tokens of an officer or client count."""

    async def void(self, holder: str, now: datetime) -> None:
        """Voids the holder's tokens that were issued until now."""
        ...

    async def of(self, holder: str) -> datetime | None:
        """Returns until when the holder's tokens are void."""
        ...

    async def since(self, moment: datetime) -> dict[str, datetime]:
        """Returns, by holder, until when tokens are void, of those voided after that moment."""
        ...


class Codes(Protocol):
    """Authorization codes."""

    async def find(self, digest: str) -> AuthorizationCode | None:
        """Returns the code, locked."""
        ...

    async def add(self, code: AuthorizationCode) -> None:
        """Keeps a new code."""
        ...

    async def use(self, digest: str, session_id: str) -> None:
        """Marks a code as used for that session."""
        ...


class Devices(Protocol):
    """Device grants."""

    async def find(self, digest: str) -> DeviceGrant | None:
        """Returns the grant of a device code, locked."""
        ...

    async def find_by_user_code(self, digest: str) -> DeviceGrant | None:
        """Returns the grant of a user code, locked."""
        ...

    async def add(self, grant: DeviceGrant) -> None:
        """Keeps a new grant."""
        ...

    async def save(self, grant: DeviceGrant) -> None:
        """Keeps a changed grant."""
        ...


class Passkeys(Protocol):
    """Passkeys, and the challenges that they signed."""

    async def find_by_credential(self, credential_id: str) -> Passkey | None:
        """Returns the passkey that an authenticator knows by this id, locked."""
        ...

    async def of_officer(self, officer: str) -> list[Passkey]:
        """Returns an officer's passkeys, oldest first."""
        ...

    async def page(self, listing: Listing) -> Listed[Passkey]:
        """Returns a page of one officer's passkeys, oldest first."""
        ...

    async def add(self, passkey: Passkey) -> None:
        """Keeps a new passkey."""
        ...

    async def save(self, passkey: Passkey) -> None:
        """Keeps a changed passkey."""
        ...

    async def remove(self, officer: str, name: str = "") -> bool:
        """Forgets one passkey of an officer, or all; tells whether there was any."""
        ...

    async def use_challenge(self, challenge: bytes, now: datetime) -> bool:
        """Notes that a challenge was signed; False where it was before."""
        ...


class Recoveries(Protocol):
    """Recoveries of officers who have lost a factor."""

    async def find_by_code(self, digest: str) -> Recovery | None:
        """Returns the recovery of a code, locked."""
        ...

    async def find_by_ticket(self, digest: str) -> Recovery | None:
        """Returns the recovery of a ticket, locked."""
        ...

    async def add(self, recovery: Recovery) -> None:
        """Keeps a new recovery."""
        ...

    async def save(self, recovery: Recovery) -> None:
        """Keeps a changed recovery."""
        ...


class UpstreamLinks(Protocol):
    """Links of officers with subjects of the country's own provider."""

    async def officer_of(self, issuer: str, subject: str) -> str:
        """Returns the officer's name; empty where there is none."""
        ...

    async def save(self, issuer: str, subject: str, officer: str) -> None:
        """Links an officer with one subject, or with none where that is empty."""
        ...


class Throttles(Protocol):
    """Attempts by user name as typed."""

    async def find(self, username: str) -> Throttle:
        """Returns the attempts on it, locked."""
        ...

    async def save(self, username: str, throttle: Throttle) -> None:
        """Keeps the attempts on it."""
        ...

    async def forget(self, username: str) -> None:
        """Forgets the attempts on it."""
        ...
