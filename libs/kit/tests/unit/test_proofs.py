import base64
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from bp_kit.errors import Refused
from bp_kit.proofs import proof_for, read_proof
from bp_kit.taken import TakenHere

NOW = 1_800_000_000.0
AT = "https://fiji.example/v1/me"
EC, OKP = ECKey.generate_key("P-256"), OKPKey.generate_key("Ed25519")


def encoded(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def ath(token):
    return encoded(hashlib.sha256(token.encode()).digest())


def proof(key=EC, signer=None, header=None, token="", **changes):
    usual = {"jti": "one", "htm": "GET", "htu": AT, "iat": NOW} | ({"ath": ath(token)} if token else {})
    claims = {name: value for name, value in (usual | changes).items() if value is not None}
    algorithm = "ES256" if key is EC else "Ed25519"
    protected = {"typ": "dpop+jwt", "alg": algorithm, "jwk": key.as_dict(private=False)} | (header or {})
    # By hand: the library would not sign what it would not read.
    signed = f"{encoded(json.dumps(protected).encode())}.{encoded(json.dumps(claims).encode())}"
    signature = jws.JWSRegistry.algorithms[protected["alg"]].sign(signed.encode(), signer or key)
    return f"{signed}.{encoded(signature)}"


def take(text, *, method="GET", address=AT, token=""):
    return proof_for(text, NOW, method=method, address=address, token=token).thumbprint


@pytest.mark.parametrize("key", [EC, OKP], ids=["ES256", "Ed25519"])
def test_a_proof_names_its_key(key):
    assert take(proof(key, token="t"), token="t") == key.thumbprint()
    assert take(proof(key, htu=AT + "?a=b#c"), address=AT + "?x=y") == key.thumbprint()


WRONG = {
    "another method": {"htm": "POST"},
    "another address": {"htu": "https://tonga.example/v1/me"},
    "too old": {"iat": NOW - 61},
    "too new": {"iat": NOW + 61},
    "not a time": {"iat": "soon"},
    "no end of time": {"iat": 10**400},
    "no identifier": {"jti": None},
    "an empty identifier": {"jti": ""},
    "a long identifier": {"jti": "j" * 201},
    "a number for an identifier": {"jti": 7},
    "no method": {"htm": None},
    "no address": {"htu": None},
    "no token": {"ath": None},
    "another token": {"ath": ath("other")},
    "a number for a token": {"ath": 7},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_a_proof_is_for_one_request(changes):
    with pytest.raises(Refused, match="TOKEN_INVALID"):
        take(proof(token="t", **changes), token="t")


HEADERS = {
    "another type": {"typ": "JWT"},
    "critical": {"crit": ["b64"], "b64": True},
    "no key": {"jwk": None},
    "a key that is a text": {"jwk": "key"},
    "a private key": {"jwk": EC.as_dict(private=True)},
    "another's key": {"jwk": ECKey.generate_key("P-256").as_dict(private=False)},
    "a key of another kind": {"jwk": OKP.as_dict(private=False)},
    "a point off the curve": {"jwk": {**EC.as_dict(private=False), "y": "AAAA"}},
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_proof_is_signed_by_the_key_in_it(header):
    with pytest.raises(Refused, match="TOKEN_INVALID"):
        take(proof(header=header))


def test_other_algorithms_are_no_proof():
    secret, rsa, large = OctKey.generate_key(256), RSAKey.generate_key(2048), ECKey.generate_key("P-384")
    for signer, algorithm, jwk in (
        (secret, "HS256", secret.as_dict()),
        (secret, "HS256", {**EC.as_dict(private=False), "k": secret.as_dict()["k"]}),
        (rsa, "RS256", rsa.as_dict(private=False)),
        (large, "ES384", large.as_dict(private=False)),
    ):
        with pytest.raises(Refused, match="TOKEN_INVALID"):
            take(proof(signer=signer, header={"alg": algorithm, "jwk": jwk}))
    with pytest.raises(Refused, match="TOKEN_INVALID"):
        take(f"{encoded(json.dumps({'typ': 'dpop+jwt', 'alg': 'none', 'jwk': {}}).encode())}.e30.")


async def test_a_proof_works_once():
    by = TakenHere(lambda: NOW)
    await by.take(read_proof(proof()))
    with pytest.raises(Refused, match="TOKEN_INVALID"):
        await by.take(read_proof(proof()))
    # Another key may happen to use the same identifier.
    await by.take(read_proof(proof(OKP)))
    await by.take(read_proof(proof(jti="two")))


async def test_what_is_remembered_is_bounded_and_ends():
    moments = [NOW]
    by = TakenHere(lambda: moments[-1], remembered=10)
    for number in range(100):
        await by.take(read_proof(proof(jti=str(number))))
    assert len(by._seen) == 10
    moments.append(NOW + 121)
    await by.take(read_proof(proof(iat=NOW + 121)))
    assert len(by._seen) == 1


@given(st.text(max_size=3000))
def test_what_is_no_proof_is_refused(text):
    with pytest.raises(Refused, match="TOKEN_INVALID"):
        read_proof(text)


@given(st.dictionaries(st.sampled_from(["typ", "alg", "jwk", "crit", "kid"]), st.none() | st.text() | st.integers()))
def test_no_header_is_more_than_refused(header):
    with pytest.raises(Refused, match="TOKEN_INVALID"):
        read_proof(f"{encoded(json.dumps(header).encode())}.e30.AAAA")
