"""How a kept call lies on the disk: sealed by a key of this use alone, made of the node's own, bound to its row."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bp_gateway.metadata import Metadata
from bp_kit.sealing import Sealer

_KEY_BYTES = 32


@dataclass(frozen=True)
class Letter:
    """What is needed to make a call.

    Attributes:
        request: The request message's bytes.
        metadata: As the gateway would have sent it, the token among it.
    """

    request: bytes
    metadata: Metadata


class LetterBox:
    """Seals letters and disguises names.

    Args:
        key: The node's, 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._sealer = Sealer(_derived(key, b"bluepacific gateway queue: calls"))
        self._secret = _derived(key, b"bluepacific gateway queue: callers")

    def seal(self, letter: Letter, call_id: str) -> bytes:
        """Returns a letter that only the row of that id can hold."""
        content = {"request": b64encode(letter.request).decode(), "metadata": letter.metadata}
        return self._sealer.seal(json.dumps(content).encode(), call_id.encode()).encode()

    def open(self, sealed: bytes, call_id: str) -> Letter:
        """Returns a letter.

        Raises:
            ValueError: It was sealed with another key, for another row, or is broken.
        """
        content = json.loads(self._sealer.open(sealed.decode("ascii"), call_id.encode()))
        metadata = tuple((str(key), str(value)) for key, value in content["metadata"])
        return Letter(b64decode(content["request"]), metadata)

    def disguise(self, *parts: bytes) -> str:
        """Returns the same 64 hexadecimal digits for the same parts, which say nothing without the key."""
        digest = hmac.new(self._secret, digestmod=hashlib.sha256)
        for part in parts:
            digest.update(len(part).to_bytes(8) + part)
        return digest.hexdigest()


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), _KEY_BYTES, salt=None, info=purpose).derive(key)
