"""Open Badges 3.0 credentials (W3C Verifiable Credentials 2.0) as documents and as VC-JWT (Open Badges 3.0, section 8.2).

The JWT's payload is the credential itself plus the registered claims. The issuer's id is the `did:key` of the country's Ed25519 key, so
the credential names the key that verifies it; whether that key is a country's is what the list of issuer keys tells. The recipient
stands in it as a salted hash: who holds the credential can show whose it is, and it names nobody by itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

CONTEXTS = (
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
)
_SCHEMA = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
ALGORITHM = "EdDSA"
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ED25519 = b"\xed\x01"


@dataclass(frozen=True)
class Award:
    """What a credential says.

    Attributes:
        credential_id: UUID.
        course: `countries/WSM/courses/vessel-identity`.
        title: English.
        description: English; may be empty.
        recipient: `countries/TON/officers/mele`; only its hash gets into the credential.
        salt: Random.
        issuer: The issuing key's `did:key`.
        issuer_name: What people call the issuer.
        issue_time: When.
        tags: Codes of frameworks.
    """

    credential_id: str
    course: str
    title: str
    description: str
    recipient: str
    salt: str
    issuer: str
    issuer_name: str
    issue_time: datetime
    tags: Sequence[str] = ()


def document_of(award: Award) -> dict[str, Any]:
    """Returns the credential as a JSON-LD document, unsigned."""
    return {
        "@context": list(CONTEXTS),
        "id": f"urn:uuid:{award.credential_id}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": award.issuer, "type": ["Profile"], "name": award.issuer_name},
        "validFrom": _moment(award.issue_time),
        "name": award.title,
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "hashed": True,
                    "identityHash": recipient_hash(award.recipient, award.salt),
                    "identityType": "systemId",
                    "salt": award.salt,
                }
            ],
            "achievement": _achievement(award),
        },
        "credentialSchema": [{"id": _SCHEMA, "type": "1EdTechJsonSchemaValidator2019"}],
    }


def _achievement(award: Award) -> dict[str, Any]:
    achievement: dict[str, Any] = {
        "id": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, award.course)}",
        "type": ["Achievement"],
        "achievementType": "Course",
        "name": award.title,
        "description": award.description or award.title,
        "criteria": {"narrative": "Every lesson of the course was passed."},
        "humanCode": award.course,
        "inLanguage": "en",
    }
    if award.tags:
        achievement["tag"] = list(award.tags)
    return achievement


def claims_of(award: Award) -> dict[str, Any]:
    """Returns the JWT's payload: the credential and the registered claims that repeat parts of it."""
    document = document_of(award)
    return {
        "iss": award.issuer,
        "jti": document["id"],
        "nbf": int(award.issue_time.timestamp()),
        **document,
    }


def recipient_hash(recipient: str, salt: str) -> str:
    """Returns the recipient as an IdentityObject carries it: `sha256$` and the hash of name and salt."""
    return "sha256$" + hashlib.sha256((recipient + salt).encode()).hexdigest()


def did_of(public_key: bytes) -> str:
    """Returns the `did:key` of a raw Ed25519 public key (32 bytes)."""
    return "did:key:z" + _base58(_ED25519 + public_key)


def key_id_of(did: str) -> str:
    """Returns the id of the one key of a `did:key`."""
    return f"{did}#{did.removeprefix('did:key:')}"


def encode(data: bytes) -> str:
    """Returns base64url without padding (RFC 7515)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Reads base64url without padding.

    Raises:
        ValueError: It is not that.
    """
    if not text.isascii() or "=" in text or not all(letter.isalnum() or letter in "-_" for letter in text):
        raise ValueError("is not base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def signing_input(award: Award, public_key: bytes) -> bytes:
    """Returns what is signed: the JWT's header and payload, each in base64url, joined by a dot."""
    header = {
        "alg": ALGORITHM,
        "typ": "JWT",
        "kid": key_id_of(award.issuer),
        "jwk": {"kty": "OKP", "crv": "Ed25519", "x": encode(public_key)},
    }
    return f"{encode(_json(header))}.{encode(_json(claims_of(award)))}".encode()


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _base58(data: bytes) -> str:
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, len(_BASE58))
        text = _BASE58[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text
