"""What is no token of this node gets nobody in: a 401 problem in the caller's language, and nothing changes."""

from __future__ import annotations

import base64
import hashlib
import json
import time

import httpx2
import pytest
from front_door import PASSWORD
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey

from bp_client import AsyncBluePacific
from bp_identity.adapters.keys import KeyFolder
from bp_kit.language import LANGUAGES
from bp_kit.ports import new_id
from bp_kit.reasons import reason_text

UNITS = "/v1/countries/FJI/units"
INTRUDER = OKPKey.generate_key("Ed25519")


def claims(door, **changes):
    now = time.time()
    usual = {
        "iss": door.url,
        "aud": "bluepacific",
        "sub": "countries/FJI/officers/ana",
        "country": "FJI",
        "roles": ["administrator@ncb"],
        "iat": now,
        "exp": now + 600,
    }
    return json.dumps({name: value for name, value in (usual | changes).items() if value is not None})


def signed(door, payload, *, key=None, **header):
    own = KeyFolder(door.key_dir, new_id).signing_key()
    protected = {"typ": "at+jwt", "alg": "Ed25519", "kid": own.kid} | header
    return jws.serialize_compact(protected, payload, key or own, algorithms=["Ed25519", "HS256"])


def crafted(door, **header):
    """Signs with a key of the intruder's own, and says in the header whatever may make a verifier take it."""
    own = KeyFolder(door.key_dir, new_id).signing_key()
    protected = {"typ": "at+jwt", "alg": "Ed25519", "kid": own.kid} | header
    text = ".".join(encoded(part.encode()) for part in (json.dumps(protected), claims(door)))
    return f"{text}.{encoded(jws.JWSRegistry.algorithms['Ed25519'].sign(text.encode(), INTRUDER))}"


def encoded(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unsigned(payload):
    parts = (json.dumps({"typ": "at+jwt", "alg": "none"}), payload)
    return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts) + "."


def forged(door):
    """Signs with the public key as if it were a secret shared with us."""
    own = KeyFolder(door.key_dir, new_id)
    public = json.loads(own.jwks())["keys"][0]
    secret = OctKey.import_key(public["x"].ljust(43, "0"))
    return signed(door, claims(door), key=secret, alg="HS256", kid=public["kid"])


TOKENS = {
    "another issuer": (lambda door: signed(door, claims(door, iss="https://elsewhere.example")), "TOKEN_INVALID"),
    "another audience": (lambda door: signed(door, claims(door, aud="another")), "TOKEN_INVALID"),
    "no audience": (lambda door: signed(door, claims(door, aud=None)), "TOKEN_INVALID"),
    "no end": (lambda door: signed(door, claims(door, exp=None)), "TOKEN_INVALID"),
    "expired": (lambda door: signed(door, claims(door, exp=int(time.time()) - 60)), "TOKEN_EXPIRED"),
    "alg none": (lambda door: unsigned(claims(door)), "TOKEN_INVALID"),
    "public key as secret": (forged, "TOKEN_INVALID"),
    "another key": (lambda door: signed(door, claims(door), key=OKPKey.generate_key("Ed25519")), "TOKEN_INVALID"),
    "unknown key": (lambda door: signed(door, claims(door), kid="unknown"), "TOKEN_INVALID"),
    "an id token": (lambda door: signed(door, claims(door), typ="JWT"), "TOKEN_INVALID"),
    "a kid that is a path": (lambda door: crafted(door, kid="../../../../dev/null"), "TOKEN_INVALID"),
    "a kid that is SQL": (lambda door: crafted(door, kid="' OR 1=1 --"), "TOKEN_INVALID"),
    "a kid with NUL": (lambda door: crafted(door, kid="\0"), "TOKEN_INVALID"),
    "a kid that is a list": (lambda door: crafted(door, kid=["a"]), "TOKEN_INVALID"),
    "its own key in the header": (lambda door: crafted(door, jwk=INTRUDER.as_dict(private=False)), "TOKEN_INVALID"),
    "an address of keys": (lambda door: crafted(door, jku="https://elsewhere.example/jwks.json"), "TOKEN_INVALID"),
    "a certificate in the header": (lambda door: crafted(door, x5c=["AAAA"]), "TOKEN_INVALID"),
    "oversized": (lambda door: signed(door, claims(door, padding="x" * 4000)), "TOKEN_INVALID"),
    "not claims": (lambda door: signed(door, "[1]"), "TOKEN_INVALID"),
    "rubbish": (lambda door: "rubbish", "TOKEN_INVALID"),
}


async def test_what_is_no_token_of_this_node_is_refused(door):
    async with httpx2.AsyncClient(base_url=door.url, timeout=90) as http:
        body = {"displayName": "Forged", "kind": "UNIT_KIND_POLICE"}
        for name, (make, reason) in TOKENS.items():
            headers = {"authorization": f"Bearer {make(door)}", "accept-language": "es"}
            answer = await http.post(f"{UNITS}?unitId=forged", json=body, headers=headers)
            assert (answer.status_code, answer.json()["reason"]) == (401, reason), name
            assert answer.headers["content-type"].startswith("application/problem+json")
            assert answer.headers["www-authenticate"].startswith("Bearer")
        honest = {"authorization": f"Bearer {signed(door, claims(door))}"}
        assert [unit["name"] for unit in (await http.get(UNITS, headers=honest)).json()["units"]] == [
            "countries/FJI/units/ncb"
        ]


async def test_a_proof_of_possession_works_once_at_one_address_only(door):
    key = ECKey.generate_key("P-256")
    token = signed(door, claims(door, cnf={"jkt": key.thumbprint()}))
    digest = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()

    def proof(jti, path=UNITS, method="GET"):
        shown = {"jti": jti, "htm": method, "htu": f"{door.url}{path}", "iat": time.time(), "ath": digest}
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
        return jws.serialize_compact(header, json.dumps(shown), key, algorithms=["ES256"])

    async with httpx2.AsyncClient(base_url=door.url, timeout=90) as http:

        async def status(shown, scheme="DPoP"):
            headers = {"authorization": f"{scheme} {token}"} | ({"dpop": shown} if shown else {})
            return (await http.get(UNITS, headers=headers)).status_code

        captured = proof("1")
        assert await status(captured) == 200
        assert await status(captured) == 401
        assert await status(proof("2", path="/v1/me")) == 401
        assert await status(proof("3", method="POST")) == 401
        assert await status("") == 401
        assert await status("", "Bearer") == 401
        assert await status(proof("4"), "Bearer") == 401
        assert await status(proof("5")) == 200
        answer = await http.get(UNITS)
        assert answer.headers.get_list("www-authenticate") == ["Bearer", 'DPoP algs="ES256 Ed25519"']


@pytest.mark.parametrize("language", LANGUAGES)
async def test_another_countrys_names_are_refused(door, language):
    async with AsyncBluePacific(door.url) as client:
        await client.sign_in("ana", PASSWORD)
        headers = {"authorization": f"Bearer {client.session.access_token}", "accept-language": language}
    async with httpx2.AsyncClient(base_url=door.url, timeout=90, headers=headers) as http:
        for path in ("/v1/countries/TON/units", "/v1/countries/TON/officers/mele", "/v1/countries/TON/clients"):
            answer = await http.get(path)
            assert (answer.status_code, answer.json()["reason"]) == (403, "PERMISSION_DENIED")
            assert answer.json()["title"] == reason_text("PERMISSION_DENIED", language, {})
