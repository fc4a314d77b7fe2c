"""Checking a credential with nothing but the issuers' public keys. No network, no database."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bp_training.domain.credential import CONTEXTS, decode, recipient_hash

MALFORMED = "MALFORMED"
UNKNOWN_ISSUER = "UNKNOWN_ISSUER"
BAD_SIGNATURE = "BAD_SIGNATURE"
OTHER_RECIPIENT = "OTHER_RECIPIENT"
NOT_YET_VALID = "NOT_YET_VALID"
_MAX_JWT = 20_000
_PARTS = 3
# `Ed25519` is what RFC 9864 calls it; `EdDSA` is what wallets know.
_ALGORITHMS = ("EdDSA", "Ed25519")
# Clocks differ.
_LEEWAY = timedelta(minutes=5)
# (public key, signed bytes, signature) -> whether it fits.
SignatureCheck = Callable[[bytes, bytes, bytes], bool]


class VerificationError(Exception):
    """A credential that does not hold.

    Args:
        problem: MALFORMED, UNKNOWN_ISSUER, BAD_SIGNATURE, OTHER_RECIPIENT or NOT_YET_VALID.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True)
class TrustedKey:
    """A country's key.

    Attributes:
        country: `countries/TON`; empty where the list of keys does not say.
        issuer: Its `did:key`.
        public_key: Raw Ed25519 key, 32 bytes.
    """

    country: str
    issuer: str
    public_key: bytes


@dataclass(frozen=True)
class Verified:
    """What a genuine credential says.

    Attributes:
        country: Whose key signed it.
        issuer: The `did:key`.
        credential_id: `urn:uuid:…`.
        course: The course's name.
        title: The course's title.
        issue_time: When it was issued.
    """

    country: str
    issuer: str
    credential_id: str
    course: str
    title: str
    issue_time: datetime


def verify(
    jwt: str, keys: Mapping[str, TrustedKey], fits: SignatureCheck, *, now: datetime, recipient: str = ""
) -> Verified:
    """Returns what a credential says, if it is genuine.

    Args:
        jwt: The credential as it was downloaded.
        keys: Trusted keys by issuer. The key in the credential's own header is never trusted.
        fits: Checks an Ed25519 signature.
        now: The time now.
        recipient: Whom it should belong to; empty for no check.

    Raises:
        VerificationError: It is not genuine, or another's.
    """
    header, claims, signed, signature = _read(jwt)
    if header.get("alg") not in _ALGORITHMS or "crit" in header:
        raise VerificationError(MALFORMED)
    key = keys.get(str(claims.get("iss", "")))
    if key is None:
        raise VerificationError(UNKNOWN_ISSUER)
    if not fits(key.public_key, signed, signature):
        raise VerificationError(BAD_SIGNATURE)
    try:
        verified = _verified(claims, key)
        if recipient and not _belongs(claims, recipient):
            raise VerificationError(OTHER_RECIPIENT)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        raise VerificationError(MALFORMED) from None
    if verified.issue_time > now + _LEEWAY:
        raise VerificationError(NOT_YET_VALID)
    return verified


def _read(jwt: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    parts = jwt.strip().split(".")
    if len(parts) != _PARTS or len(jwt) > _MAX_JWT:
        raise VerificationError(MALFORMED)
    try:
        header, claims = json.loads(decode(parts[0])), json.loads(decode(parts[1]))
        signature = decode(parts[2])
    except (ValueError, RecursionError):
        raise VerificationError(MALFORMED) from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise VerificationError(MALFORMED)
    return header, claims, f"{parts[0]}.{parts[1]}".encode(), signature


def _verified(claims: Mapping[str, Any], key: TrustedKey) -> Verified:
    issue_time = datetime.fromisoformat(claims["validFrom"])
    types, contexts = claims["type"], claims["@context"]
    consistent = (
        claims["issuer"]["id"] == key.issuer
        and claims["jti"] == claims["id"]
        and claims["nbf"] == int(issue_time.timestamp())
        and "VerifiableCredential" in types
        and "OpenBadgeCredential" in types
        and contexts[: len(CONTEXTS)] == list(CONTEXTS)
    )
    if not consistent:
        raise VerificationError(MALFORMED)
    achievement = claims["credentialSubject"]["achievement"]
    return Verified(
        country=key.country,
        issuer=key.issuer,
        credential_id=str(claims["id"]),
        course=str(achievement["humanCode"]),
        title=str(achievement["name"]),
        issue_time=issue_time.astimezone(UTC),
    )


def _belongs(claims: Mapping[str, Any], recipient: str) -> bool:
    identifiers = claims["credentialSubject"]["identifier"]
    return any(
        hmac.compare_digest(str(one["identityHash"]), recipient_hash(recipient, str(one["salt"])))
        for one in identifiers
    )
