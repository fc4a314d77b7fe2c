"""The scenario's own off-line check must itself refuse what is not genuine."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bp_node.scenario.credential import UnverifiedError, verify

HOLDER = "countries/TON/officers/lupe"
ISSUER = "did:key:z6Mk"
KEY = Ed25519PrivateKey.generate()
KEYS = {ISSUER: KEY.public_key().public_bytes_raw()}


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def made(*, alg="EdDSA", holder=HOLDER, issuer=ISSUER, key=KEY) -> str:
    subject = {"identityHash": "sha256$" + hashlib.sha256((holder + "salt").encode()).hexdigest(), "salt": "salt"}
    claims = {
        "iss": issuer,
        "issuer": {"id": issuer},
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": "Vessel identity",
        "credentialSubject": {"identifier": [subject]},
    }
    signed = f"{encoded(json.dumps({'alg': alg}).encode())}.{encoded(json.dumps(claims).encode())}"
    return f"{signed}.{encoded(key.sign(signed.encode()))}"


def test_genuine():
    assert verify(made(), KEYS, HOLDER).title == "Vessel identity"


@pytest.mark.parametrize(
    ("jwt", "says"),
    [
        (made(alg="none"), "no country"),
        (made(issuer="did:key:z6Other"), "no country"),
        (made(key=Ed25519PrivateKey.generate()), "signature"),
        (made(holder="countries/TON/officers/other"), "somebody else"),
        ("a.b.c", "not a VC-JWT"),
        ("", "not a VC-JWT"),
    ],
)
def test_forged(jwt, says):
    with pytest.raises(UnverifiedError, match=says):
        verify(jwt, KEYS, HOLDER)
