"""Checking a credential off line: no platform, no account, nothing but the credential and a list of keys got beforehand.

Written from Open Badges 3.0 (VC-JWT) and RFC 7515 alone, so that it vouches for what the platform issues rather than repeating its code.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class UnverifiedError(Exception):
    """The credential is not genuine; the text says why."""


@dataclass(frozen=True)
class Verified:
    """What a genuine credential says."""

    issuer: str
    title: str
    types: tuple[str, ...]
    valid_from: str


def verify(jwt: str, keys: dict[str, bytes], holder: str) -> Verified:
    """Checks a credential.

    Args:
        jwt: The credential.
        keys: Raw Ed25519 public keys of countries, by issuer (`did:key:…`).
        holder: Whose it should be: `countries/TON/officers/lupe`.

    Raises:
        UnverifiedError: It is not genuine, or somebody else's.
    """
    try:
        head, body, signature = jwt.split(".")
        header, claims = json.loads(_bytes(head)), json.loads(_bytes(body))
        issuer: str = claims["issuer"]["id"]
        subject: dict[str, Any] = claims["credentialSubject"]["identifier"][0]
        types = tuple(claims["type"])
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise UnverifiedError("it is not a VC-JWT") from error
    if header.get("alg") != "EdDSA" or issuer not in keys or claims.get("iss") != issuer:
        raise UnverifiedError("no country issues with this key")
    try:
        Ed25519PublicKey.from_public_bytes(keys[issuer]).verify(_bytes(signature), f"{head}.{body}".encode())
    except (InvalidSignature, ValueError) as error:
        raise UnverifiedError("its signature does not fit") from error
    expected = "sha256$" + hashlib.sha256((holder + subject["salt"]).encode()).hexdigest()
    if subject["identityHash"] != expected:
        raise UnverifiedError("it belongs to somebody else")
    return Verified(issuer, str(claims.get("name", "")), types, str(claims.get("validFrom", "")))


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def raw_key(x: str) -> bytes:
    """Returns a JSON Web Key's `x` as bytes."""
    return _bytes(x)
