"""Proofs of possession (DPoP, RFC 9449): who holds a token also holds the key it is bound to, and signs each request with it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from bp_kit.errors import Refused

PROOF_ALGORITHMS = ("ES256", "Ed25519")
_KEYS: Mapping[str, tuple[type[ECKey | OKPKey], str]] = {"ES256": (ECKey, "P-256"), "Ed25519": (OKPKey, "Ed25519")}
_MAX_PROOF = 2048
_LONGEST_ID = 200
# A proof is made for one request; clocks of islands that were cut off go wrong, though.
WINDOW_SECONDS = 60
# Metadata of a call: the gateway's own word for the request that it is made for, which nobody outside can choose.
REQUEST_MARK = "request-mark"


@dataclass(frozen=True)
class Proof:
    """A proof whose signature is right.

    Attributes:
        thumbprint: Of the key that signed it (RFC 7638), as tokens name it.
        identifier: Tells it from others of the key.
        method: HTTP method of the request it is for.
        address: The request's URL without query.
        issued: When it was made, in seconds since the epoch.
        token_digest: Digest of the access token that it goes with; empty at the token endpoint.
    """

    thumbprint: str
    identifier: str
    method: str
    address: str
    issued: float
    token_digest: str

    @property
    def mark(self) -> str:
        """What it is known by when it comes again, in 64 hexadecimal digits."""
        return hashlib.sha256(f"{self.thumbprint} {self.identifier}".encode()).hexdigest()

    def check(self, now: float, token: str) -> None:
        """Refuses a proof of another time or for another token.

        Args:
            now: Seconds since the epoch.
            token: The access token that it came with; empty at the token endpoint.

        Raises:
            Refused: TOKEN_INVALID.
        """
        fits = hmac.compare_digest(self.token_digest.encode(), _digest(token).encode()) if token else True
        if not fits or abs(now - self.issued) > WINDOW_SECONDS:
            raise Refused("TOKEN_INVALID")


def read_proof(text: str) -> Proof:
    """Returns what a `DPoP` header says, once its signature was verified by the key in it.

    Raises:
        Refused: TOKEN_INVALID.
    """
    if len(text) > _MAX_PROOF:
        raise Refused("TOKEN_INVALID")
    try:
        key, algorithm = _key_of(jws.extract_compact(text.encode()).headers())
        claims = json.loads(jws.deserialize_compact(text, key, algorithms=[algorithm]).payload)
        proof = Proof(
            thumbprint=key.thumbprint(),
            identifier=claims["jti"],
            method=claims["htm"],
            address=claims["htu"],
            issued=float(claims["iat"]),
            token_digest=claims.get("ath", ""),
        )
        words = (proof.identifier, proof.method, proof.address, proof.token_digest)
        if not all(isinstance(word, str) for word in words) or not 0 < len(proof.identifier) <= _LONGEST_ID:
            raise Refused("TOKEN_INVALID")
    except (JoseError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise Refused("TOKEN_INVALID") from None
    return proof


def proof_for(text: str, now: float, *, method: str, address: str, token: str = "") -> Proof:
    """Returns the proof in a `DPoP` header, which was made for this very request; that it was not used before is for `bp_kit.taken` to say.

    Args:
        text: The header.
        now: Seconds since the epoch.
        method: HTTP method of the request.
        address: Its URL; the query does not count.
        token: The access token that came with it; empty at the token endpoint.

    Raises:
        Refused: TOKEN_INVALID.
    """
    proof = read_proof(text)
    proof.check(now, token)
    if proof.method != method or proof.address.partition("?")[0].partition("#")[0] != address.partition("?")[0]:
        raise Refused("TOKEN_INVALID")
    return proof


def _key_of(header: Mapping[str, Any]) -> tuple[ECKey | OKPKey, str]:
    algorithm, jwk = header["alg"], header["jwk"]
    if header.get("typ") != "dpop+jwt" or "crit" in header or algorithm not in _KEYS or "d" in jwk:
        raise Refused("TOKEN_INVALID")
    kind, curve = _KEYS[algorithm]
    if jwk["crv"] != curve:
        raise Refused("TOKEN_INVALID")
    key = kind.import_key({name: jwk[name] for name in ("kty", "crv", "x", "y") if name in jwk})
    return key, algorithm


def _digest(token: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
