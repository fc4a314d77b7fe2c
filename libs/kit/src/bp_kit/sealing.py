"""Opaque tokens that clients hold for us: encrypted, authenticated and bound to a context (AIP-158)."""

from __future__ import annotations

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

_NONCE_BYTES = 12


class Sealer:
    """Seals small values with AES-256-GCM-SIV (RFC 8452).

    Args:
        key: 32 bytes; another key for each node.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCMSIV(key)

    def seal(self, value: bytes, context: bytes) -> str:
        """Returns URL-safe text that only `open` with the same context can read."""
        nonce = os.urandom(_NONCE_BYTES)
        return base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, value, context)).rstrip(b"=").decode()

    def open(self, token: str, context: bytes) -> bytes:
        """Returns what was sealed.

        Raises:
            ValueError: The token was not made by this key for this context.
        """
        try:
            raw = base64.b64decode(token.encode() + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
            return self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], context)
        except (InvalidTag, binascii.Error, UnicodeEncodeError, ValueError) as error:
            raise ValueError("not a token of this node") from error
