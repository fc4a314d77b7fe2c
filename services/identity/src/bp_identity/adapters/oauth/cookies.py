"""The two cookies of the pages: one shows that a form is the page's own, the other knows a browser again."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from datetime import timedelta

from bp_identity.adapters.oauth.web import Asked
from bp_identity.usecases.sign_in import Device
from bp_kit.sealing import Sealer

_BYTES = 32
_DEVICE_LIFETIME = timedelta(days=365)
_DEVICE = b"device"


class Cookies:
    """Makes and reads them. Neither says who somebody is: a cookie alone signs nobody in.

    Args:
        issuer: The node's public URL.
        secret: 32 bytes, for as long as cookies shall be known.
    """

    def __init__(self, issuer: str, secret: bytes) -> None:
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
