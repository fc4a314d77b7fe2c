"""An OAuth client: a program that signs people in, or acts by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from bp_kit.errors import Refused

BROWSER = "BROWSER"
TERMINAL = "TERMINAL"
SERVICE = "SERVICE"
ACTIVE = "ACTIVE"
INACTIVE = "INACTIVE"


@dataclass(frozen=True)
class ClientDraft:
    """What an administrator may say about a client.

    Attributes:
        display_name: Shown on the sign-in page.
        kind: `BROWSER`, `TERMINAL` or `SERVICE`.
        redirect_uris: Where codes of a BROWSER may be sent, compared exactly.
        post_logout_redirect_uris: Where browsers may be led after signing out of a BROWSER, compared exactly.
        grants: (role, unit) pairs a SERVICE holds.
        expire_time: From when on a SERVICE gets no tokens; None for never.
        scopes: What a SERVICE's tokens are narrowed to; empty for all that its roles allow.
    """

    display_name: str
    kind: str
    redirect_uris: tuple[str, ...] = ()
    grants: tuple[tuple[str, str], ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    expire_time: datetime | None = None
    scopes: tuple[str, ...] = ()

    def check(self) -> None:
        """Refuses what lacks something, what its kind has not, and redirect addresses that could leak a code.

        Raises:
            Refused: INVALID_FIELD, CLIENT_KIND_MISMATCH, REDIRECT_URI_INVALID.
        """
        if not self.display_name.strip():
            raise Refused("INVALID_FIELD", field="client.display_name", rule="required")
        if self.kind not in (BROWSER, TERMINAL, SERVICE):
            raise Refused("INVALID_FIELD", field="client.kind", rule="required")
        for field in ("grants", "expire_time", "scopes"):
            if self.kind != SERVICE and getattr(self, field):
                raise Refused("CLIENT_KIND_MISMATCH", field=f"client.{field}")
        for field in ("redirect_uris", "post_logout_redirect_uris"):
            self._check_addresses(field, getattr(self, field))

    def _check_addresses(self, field: str, addresses: tuple[str, ...]) -> None:
        if addresses and self.kind != BROWSER:
            raise Refused("CLIENT_KIND_MISMATCH", field=f"client.{field}")
        for index, uri in enumerate(addresses):
            if not _safe_redirect(uri):
                raise Refused("REDIRECT_URI_INVALID", field=f"client.{field}[{index}]", uri=uri)


@dataclass(frozen=True)
class Client:
    """A client's record.

    Attributes:
        name: `countries/FJI/clients/portal`; also the OAuth `client_id`.
        draft: What is said about it.
        state: `ACTIVE` or `INACTIVE`.
        version: Grows by one with each change.
        create_time: When it was created.
        update_time: When it last changed.
        secret_digest: SHA-256 of the secret, hexadecimal; empty before the first. Secrets are 256 random bits, so a fast hash is enough.
        previous_digest: Likewise, of the secret before, which works besides it for a while; empty when none does.
        previous_expire_time: Until when; None when none does.
    """

    name: str
    draft: ClientDraft
    state: str
    version: int
    create_time: datetime
    update_time: datetime
    secret_digest: str = ""
    previous_digest: str = ""
    previous_expire_time: datetime | None = None

    @property
    def active(self) -> bool:
        """Whether it may get tokens."""
        return self.state == ACTIVE

    def as_of(self, now: datetime) -> Client:
        """Returns it as it counts at that moment: out of service once it has expired, without a former secret whose time is over."""
        ended = self.draft.expire_time is not None and self.draft.expire_time <= now
        former = self.previous_expire_time is not None and self.previous_expire_time > now
        return replace(
            self,
            state=INACTIVE if ended else self.state,
            previous_digest=self.previous_digest if former else "",
            previous_expire_time=self.previous_expire_time if former else None,
        )

    def with_secret(self, digest: str, now: datetime, overlap: timedelta) -> Client:
        """Returns it with a new secret; the one it has now works on during the overlap, and no other does."""
        kept = self.secret_digest if overlap else ""
        return self.changed(
            now,
            secret_digest=digest,
            previous_digest=kept,
            previous_expire_time=now + overlap if kept else None,
        )

    def changed(self, now: datetime, **changes: object) -> Client:
        """Returns the next version with these fields changed; itself when nothing changes."""
        if all(getattr(self, field) == value for field, value in changes.items()):
            return self
        return replace(self, **changes, version=self.version + 1, update_time=now)  # type: ignore[arg-type]


def _safe_redirect(uri: str) -> bool:
    parts = urlsplit(uri)
    if parts.fragment or "#" in uri or parts.username is not None or not parts.hostname:
        return False
    if any(character <= " " or character > "~" or character in '"\\' for character in uri):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _own_machine(parts.hostname))


def _own_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
