import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.jwk import OKPKey

from bp_training.adapters.signatures import IssuerKeys
from bp_training.domain.credential import Award, decode, did_of, encode, recipient_hash
from bp_training.domain.verification import VerificationError
from bp_training.verify import keys_of, main, verify_credential

MELE = "countries/TON/officers/mele"
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def keys(tmp_path):
    return IssuerKeys(tmp_path / "keys")


@pytest.fixture
def jwt(keys):
    return keys.sign("TON", award(keys.issuer("TON")))


def award(issuer, **changes):
    values = {
        "credential_id": "0190c0de-0000-7000-8000-000000000001",
        "course": "countries/WSM/courses/vessel-identity",
        "title": "Is this vessel what it says it is?",
        "description": "",
        "recipient": MELE,
        "salt": "salt",
        "issuer": issuer,
        "issuer_name": "Police training, TON",
        "issue_time": NOON,
        "tags": ("GPG7", "14.4"),
    }
    return Award(**{**values, **changes})


def published(keys, country="TON"):
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": encode(keys.public_key(country))}
    return {"issuerKeys": [{"country": f"countries/{country}", "issuer": "ignored", "jwk": jwk}]}


def payload_of(jwt):
    return json.loads(decode(jwt.split(".")[1]))


def test_a_credential_is_verified_with_the_published_keys_alone(keys, jwt):
    verified = verify_credential(jwt, keys_of(published(keys)), recipient=MELE, now=NOON)
    assert verified.country == "countries/TON"
    assert verified.course == "countries/WSM/courses/vessel-identity"
    assert verified.issue_time == NOON


def test_it_is_an_open_badge_that_names_nobody(jwt):
    payload = payload_of(jwt)
    assert payload["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert payload["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert payload["iss"] == payload["issuer"]["id"]
    assert payload["jti"] == payload["id"]
    assert payload["validFrom"] == "2026-05-04T12:00:00Z"
    assert payload["credentialSubject"]["achievement"]["criteria"]["narrative"]
    assert "mele" not in json.dumps(payload)
    assert payload["credentialSubject"]["identifier"][0]["identityHash"] == recipient_hash(MELE, "salt")


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_another_library_verifies_it(keys, jwt):
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": encode(keys.public_key("TON"))})
    read = jws.deserialize_compact(jwt, key, algorithms=["EdDSA"])
    assert json.loads(read.payload) == payload_of(jwt)
    assert read.headers()["kid"].startswith("did:key:z6Mk")


def test_did_key_matches_the_published_example():
    # did:key method specification, Ed25519 test vector.
    public_key = bytes.fromhex("3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29")
    assert did_of(public_key) == "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"


def resigned(jwt, **changes):
    """Returns the credential changed and signed anew by somebody who puts a key of their own into the header."""
    key = Ed25519PrivateKey.generate()
    public_key = key.public_key().public_bytes_raw()
    payload = payload_of(jwt) | changes
    header = {"alg": "EdDSA", "typ": "JWT", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": encode(public_key)}}
    signed = f"{encode(json.dumps(header).encode())}.{encode(json.dumps(payload).encode())}"
    return f"{signed}.{encode(key.sign(signed.encode()))}", did_of(public_key)


def altered(jwt, **changes):
    head, _, signature = jwt.split(".")
    return f"{head}.{encode(json.dumps(payload_of(jwt) | changes).encode())}.{signature}"


def unsigned(jwt):
    return f"{encode(json.dumps({'alg': 'none'}).encode())}.{jwt.split('.')[1]}."


@pytest.mark.parametrize(
    ("forge", "problem"),
    [
        (lambda jwt: altered(jwt, name="Another"), "BAD_SIGNATURE"),
        (lambda jwt: resigned(jwt)[0], "BAD_SIGNATURE"),
        (lambda jwt: resigned(jwt, iss=resigned(jwt)[1])[0], "UNKNOWN_ISSUER"),
        (lambda jwt: jwt[:-4] + "AAAA", "BAD_SIGNATURE"),
        (lambda jwt: jwt + "=", "MALFORMED"),
        (unsigned, "MALFORMED"),
        (lambda _: "a.b", "MALFORMED"),
        (lambda _: "", "MALFORMED"),
        (lambda _: "x" * 30_000, "MALFORMED"),
        (lambda jwt: f"{encode(b'[]')}.{jwt.split('.', 1)[1]}", "MALFORMED"),
        (lambda jwt: f"{encode(b'[' * 9000)}.{jwt.split('.', 1)[1]}", "MALFORMED"),
    ],
)
def test_forgeries_are_seen(keys, jwt, forge, problem):
    with pytest.raises(VerificationError) as found:
        verify_credential(forge(jwt), keys_of(published(keys)), now=NOON)
    assert found.value.problem == problem


def test_a_country_cannot_sign_for_another(keys):
    jwt = keys.sign("FJI", award(keys.issuer("TON")))
    with pytest.raises(VerificationError, match="BAD_SIGNATURE"):
        verify_credential(jwt, keys_of(published(keys)), now=NOON)


def test_another_person_cannot_show_it(keys, jwt):
    with pytest.raises(VerificationError, match="OTHER_RECIPIENT"):
        verify_credential(jwt, keys_of(published(keys)), recipient="countries/TON/officers/sione", now=NOON)


def test_one_from_the_future_is_not_valid_yet(keys, jwt):
    with pytest.raises(VerificationError, match="NOT_YET_VALID"):
        verify_credential(jwt, keys_of(published(keys)), now=NOON - timedelta(days=1))


def test_keys_are_kept_and_private(tmp_path, keys):
    assert IssuerKeys(tmp_path / "keys").issuer("TON") == keys.issuer("TON")
    assert keys.issuer("FJI") != keys.issuer("TON")
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "keys").iterdir()} == {0o600}


@pytest.mark.parametrize("document", [{}, {"keys": [{"kty": "RSA"}]}, {"keys": 3}, {"issuerKeys": [{}]}])
def test_a_list_of_keys_that_is_none_is_refused(document):
    with pytest.raises(ValueError, match="neither"):
        keys_of(document)


def test_the_command_says_by_its_exit_status_whether_it_is_genuine(tmp_path, keys, jwt, capsys):
    credential, known = tmp_path / "credential.jwt", tmp_path / "keys.json"
    credential.write_text(jwt)
    known.write_text(json.dumps({"keys": [published(keys)["issuerKeys"][0]["jwk"]]}))
    assert main([str(credential), "--keys", str(known)]) == 0
    assert json.loads(capsys.readouterr().out)["course"] == "countries/WSM/courses/vessel-identity"
    credential.write_text(altered(jwt, name="Another"))
    assert main([str(credential), "--keys", str(known)]) == 1
    assert json.loads(capsys.readouterr().out) == {"valid": False, "problem": "BAD_SIGNATURE"}
    assert main([str(tmp_path / "none"), "--keys", str(known)]) == 2
