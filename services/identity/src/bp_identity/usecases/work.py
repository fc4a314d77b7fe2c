"""What use cases need: repositories, the directory others are told through, the clock. All within one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from bp_identity.domain.client import Client
from bp_identity.domain.code import AuthorizationCode
from bp_identity.domain.credential import Credential
from bp_identity.domain.device import DeviceGrant
from bp_identity.domain.grant import Grant
from bp_identity.domain.officer import Officer
from bp_identity.domain.passkey import Passkey
from bp_identity.domain.recovery import Recovery
from bp_identity.domain.session import RefreshToken, Session
from bp_identity.domain.throttle import Throttle
from bp_identity.domain.unit import Unit
from bp_kit.listing import Listed, Listing


class Units(Protocol):
    """Units of all countries served here."""

    async def find(self, name: str, *, for_change: bool = False) -> Unit | None:
        """Returns the unit, locked when it is to be changed."""
        ...

    async def add(self, unit: Unit) -> None:
        """Keeps a new unit."""
        ...

    async def save(self, unit: Unit) -> None:
        """Keeps a changed unit."""
        ...

    async def page(self, listing: Listing) -> Listed[Unit]:
        """Returns a page of one country's units, by name."""
        ...

    async def of_countries(self, countries: tuple[str, ...]) -> list[Unit]:
        """Returns all units of these countries."""
        ...


class Officers(Protocol):
    """Officers of all countries served here."""

    async def find(self, name: str, *, for_change: bool = False) -> Officer | None:
        """Returns the officer, locked when to be changed."""
        ...

    async def find_by_username(self, username: str, country: str = "") -> Officer | None:
        """Returns the one officer whose name, id or e-mail address it is, of that country or of any; None for none, or for several."""
        ...

    async def find_by_email(self, country: str, email: str) -> Officer | None:
        """Returns the country's officer with this address."""
        ...

    async def add(self, officer: Officer) -> None:
        """Keeps a new officer."""
        ...

    async def save(self, officer: Officer) -> None:
        """Keeps a changed officer."""
        ...

    async def page(self, listing: Listing) -> Listed[Officer]:
        """Returns a page of one country's officers, by name."""
        ...


class Grants(Protocol):
    """Roles of officers."""

    async def find(self, name: str, *, for_change: bool = False) -> Grant | None:
        """Returns the grant, locked when to be changed."""
        ...

    async def add(self, grant: Grant) -> None:
        """Keeps a new grant."""
        ...

    async def save(self, grant: Grant) -> None:
        """Keeps a changed grant."""
        ...

    async def page(self, listing: Listing) -> Listed[Grant]:
        """Returns a page of one officer's grants, or of a country's, oldest first."""
        ...

    async def of_officer(self, officer: str) -> list[Grant]:
        """Returns the officer's grants at units in service, ended ones included."""
        ...

    async def officers_at(self, unit: str) -> list[str]:
        """Returns the names of officers with any grant at the unit."""
        ...

    async def administrators(self, country: str, now: datetime) -> list[str]:
        """Returns the country's active officers who administer it now; their grants are locked, always in the same order."""
        ...

    async def holders(self, country: str, roles: tuple[str, ...], now: datetime) -> list[str]:
        """Returns the country's active officers who hold one of these roles now, by name."""
        ...

    async def turned(self, after: datetime, until: datetime) -> list[str]:
        """Returns the officers with a grant that began or ended in that time."""
        ...


class Clients(Protocol):
    """OAuth clients."""

    async def find(self, name: str, *, for_change: bool = False) -> Client | None:
        """Returns the client, locked when to be changed."""
        ...

    async def add(self, client: Client) -> None:
        """Keeps a new client."""
        ...

    async def save(self, client: Client) -> None:
        """Keeps a changed client."""
        ...

    async def page(self, listing: Listing) -> Listed[Client]:
        """Returns a page of one country's clients, by name."""
        ...


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


class Directory(Protocol):
    """Those who must hear of changes; they do once the transaction commits."""

    async def unit_changed(self, unit: Unit, recipients: tuple[str, ...] = ("countries/-",)) -> None:
        """Tells countries' directories about a unit."""
        ...

    async def officer_changed(self, officer: Officer, grants: list[Grant], now: datetime) -> None:
        """Tells the own country's notifications and training about a person and the roles held now."""
        ...

    async def emergency_declared(self, subject: str, officers: tuple[str, ...]) -> None:
        """Notifies officers urgently that somebody has taken a role in an emergency, about that record."""
        ...

    async def reviews_wait(self, subject: str, officers: tuple[str, ...]) -> None:
        """Notifies officers that roles of their country wait to be confirmed."""
        ...

    async def sign_in_changed(self, what: str, subject: str, officers: tuple[str, ...]) -> None:
        """Notifies officers of a change in how one of them signs in: `passkey_added`, `recovery_confirmed`, about that record."""
        ...


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


@dataclass(frozen=True)
class Lifetimes:
    """How long things last."""

    session: timedelta
    temporary_password: timedelta
    code: timedelta = timedelta(seconds=60)


@dataclass(frozen=True)
class Work:
    """One transaction's parts."""

    units: Units
    officers: Officers
    grants: Grants
    clients: Clients
    credentials: Credentials
    sessions: Sessions
    voids: Voids
    codes: Codes
    devices: Devices
    passkeys: Passkeys
    recoveries: Recoveries
    upstream_links: UpstreamLinks
    throttles: Throttles
    directory: Directory
    clock: Callable[[], datetime]
    ids: Callable[[], str]
    countries: tuple[str, ...]


Transactions = Callable[[], AbstractAsyncContextManager[Work]]


@dataclass(frozen=True)
class Desk:
    """What signing in needs beyond one transaction: its failures must be kept although the call is refused.

    Attributes:
        transactions: Opens a transaction of its own, committed at its end.
        passwords: Slow hashes.
        one_time_codes: TOTP.
        authenticators: Passkeys.
        minter: Access tokens.
        lifetimes: How long things last.
    """

    transactions: Transactions
    passwords: PasswordHasher
    one_time_codes: OneTimeCodes
    authenticators: Authenticators
    minter: TokenMinter
    lifetimes: Lifetimes
