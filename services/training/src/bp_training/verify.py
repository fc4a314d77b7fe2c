"""Checks a credential off line: `python -m bp_training.verify FILE --keys issuer-keys.json`.

The keys file is what `GET /v1/issuerKeys` answered (it names the countries), or any JWK set of Ed25519 keys. Exit status: 0 genuine, 1 not
genuine, 2 a file cannot be read. Needs neither the network nor a node.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bp_training.adapters.signatures import signature_fits
from bp_training.domain.credential import decode, did_of
from bp_training.domain.verification import TrustedKey, VerificationError, Verified, verify

__all__ = ["VerificationError", "Verified", "keys_of", "main", "verify_credential"]


def verify_credential(
    jwt: str, keys: Mapping[str, TrustedKey], *, recipient: str = "", now: datetime | None = None
) -> Verified:
    """Returns what a credential says, if it is genuine.

    Args:
        jwt: The credential as it was downloaded.
        keys: Trusted keys, from `keys_of`.
        recipient: Whom it should belong to: `countries/TON/officers/mele`; empty for no check.
        now: The time now, if not the system's.

    Raises:
        VerificationError: It is not genuine, or another's.
    """
    return verify(jwt, keys, signature_fits, now=now or datetime.now(UTC), recipient=recipient)


def keys_of(document: Mapping[str, Any]) -> dict[str, TrustedKey]:
    """Returns the trusted keys by issuer.

    Args:
        document: The answer of ListIssuerKeys as JSON, or a JWK set.

    Raises:
        ValueError: It is neither.
    """
    try:
        if "issuerKeys" in document:
            found = [_key(one["jwk"], one.get("country", "")) for one in document["issuerKeys"]]
        else:
            found = [_key(one, "") for one in document["keys"]]
    except (KeyError, TypeError, AttributeError, ValueError):
        raise ValueError("is neither a list of issuer keys nor a JWK set of Ed25519 keys") from None
    return {key.issuer: key for key in found}


def _key(jwk: Mapping[str, Any], country: str) -> TrustedKey:
    if jwk["kty"] != "OKP" or jwk["crv"] != "Ed25519":
        raise ValueError("is not an Ed25519 key")
    public_key = decode(jwk["x"])
    return TrustedKey(country, did_of(public_key), public_key)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m bp_training.verify", description="Checks a credential off line.")
    parser.add_argument("file", type=Path, help="the credential as it was downloaded (VC-JWT)")
    parser.add_argument("--keys", type=Path, required=True, help="answer of GET /v1/issuerKeys, or a JWK set")
    parser.add_argument("--recipient", default="", help="whom it should belong to: countries/TON/officers/mele")
    options = parser.parse_args(arguments)
    try:
        jwt = options.file.read_text("ascii")
        keys = keys_of(json.loads(options.keys.read_text("utf-8")))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"cannot read: {error}\n")
        return 2
    try:
        verified = verify_credential(jwt, keys, recipient=options.recipient)
    except VerificationError as error:
        sys.stdout.write(json.dumps({"valid": False, "problem": error.problem}) + "\n")
        return 1
    sys.stdout.write(json.dumps({"valid": True, **asdict(verified)}, default=datetime.isoformat) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
