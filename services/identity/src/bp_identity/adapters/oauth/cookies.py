"""The cookies of the pages: one shows that a form is the page's own, one knows a browser again, two go to the country's own provider."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bp_identity.adapters.oauth.web import Asked
from bp_identity.usecases.sign_in import Device
from bp_kit.sealing import Sealer

_BYTES = 32
_DEVICE_LIFETIME = timedelta(days=365)
_DEVICE = b"device"


class Cookies:
    """Makes and reads them. None but the one from the country's own provider, once and for a minute, says who somebody is.

    Args:
        issuer: The node's public URL.
        secret: 32 bytes, for as long as cookies shall be known.
        now: The time now, in UTC.
    """

    def __init__(self, issuer: str, secret: bytes, now: Callable[[], datetime]) -> None:
        self._now = now
        # `__Host-` keeps other hosts of the domain from setting them; browsers take it over HTTPS only.
        secure = issuer.startswith("https:")
        self._prefix = "__Host-bp-" if secure else "bp-"
        self._attributes = f"Path=/; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"
        self._secret = secret
        self._sealer = Sealer(secret)

    def form_key(self, asked: Asked) -> tuple[str, tuple[str, str] | None]:
        """Returns the key of the browser's forms, and the header that sets its cookie if it had none."""
        held = self.held_key(asked)
        if held:
            return held, None
        made = secrets.token_urlsafe(_BYTES)
        return made, ("set-cookie", f"{self._prefix}form={made}; {self._attributes}")

    def held_key(self, asked: Asked) -> str:
        """Returns the key of the browser's forms as it brought it; empty where it brought none."""
        return asked.cookies.get(f"{self._prefix}form", "")

    def proof(self, form_key: str, address: str) -> str:
        """Returns what a form at that address carries to show that this page made it, for this browser."""
        return hmac.new(self._secret, f"{form_key}\n{address}".encode(), hashlib.sha256).hexdigest()

    def is_ours(self, asked: Asked, address: str) -> bool:
        """Tells whether the form that came was made by this page for this browser."""
        held = self.held_key(asked)
        given = asked.typed("proof").encode()
        return bool(held) and hmac.compare_digest(given, self.proof(held, address).encode())

    def is_proof(self, asked: Asked, address: str, given: str) -> bool:
        """Tells whether a link to leave the page of that address was made by it for this browser."""
        held = self.held_key(asked)
        return bool(held) and hmac.compare_digest(given.encode(), self.proof(held, address).encode())

    def keep(self, asked: Asked, name: str, value: list[Any], age: timedelta) -> tuple[str, str]:
        """Returns the header that has this browser keep a value for a while; nobody else can read or make it."""
        content = json.dumps([self._now().timestamp(), *value]).encode()
        sealed = self._sealer.seal(content, self._context(asked, name))
        return "set-cookie", f"{self._prefix}{name}={sealed}; Max-Age={int(age.total_seconds())}; {self._attributes}"

    def kept(self, asked: Asked, name: str, age: timedelta) -> list[Any] | None:
        """Returns what this browser was given to keep; None where it was nothing, or too long ago."""
        try:
            sealed = asked.cookies.get(f"{self._prefix}{name}", "")
            made, *value = json.loads(self._sealer.open(sealed, self._context(asked, name)))
        except ValueError:
            return None
        fresh = self._now().timestamp() < made + age.total_seconds()
        return value if value and fresh and self.held_key(asked) else None

    def _context(self, asked: Asked, name: str) -> bytes:
        return f"{name} {self.held_key(asked)}".encode()

    def device(self, asked: Asked) -> Device | None:
        """Returns the browser, if an officer has signed in from it before."""
        try:
            officer, device_id = json.loads(self._sealer.open(asked.cookies.get(f"{self._prefix}device", ""), _DEVICE))
        except ValueError:
            return None
        return Device(officer, device_id)

    def remember(self, officer: str, device_id: str) -> tuple[str, str]:
        """Returns the header by which the browser is known again."""
        sealed = self._sealer.seal(json.dumps([officer, device_id]).encode(), _DEVICE)
        age = int(_DEVICE_LIFETIME.total_seconds())
        return "set-cookie", f"{self._prefix}device={sealed}; Max-Age={age}; {self._attributes}"
