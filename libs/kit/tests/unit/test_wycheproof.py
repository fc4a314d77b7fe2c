"""Project Wycheproof's JWS vectors: what they call invalid is refused as we verify, with the one algorithm that a key is for.

Encrypted tokens (JWE) are made and read nowhere, so there is nothing that its JWE vectors would apply to.
"""

import json
from pathlib import Path

import pytest
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry

from bp_kit.errors import Refused
from bp_kit.proofs import read_proof
from bp_kit.tokens import TokenVerifier

GROUPS = json.loads((Path(__file__).parents[1] / "vectors" / "wycheproof_jws.json").read_text())
# Meant to have lost their padding, they have lost what was wrong: to the letter the same token as the valid 357.
SAME_AS_VALID = {367, 370}
# Called valid, for libraries that pass over letters which do not belong to base64; RFC 7515 has none.
STRICT = {372, 373}


def accepted(group, token):
    key = JWKRegistry.import_key(group["key"])
    # Keys that are not for signatures name no algorithm: try what fits their kind.
    algorithm = group["key"].get("alg") or {"RSA": "RS256", "EC": "ES256"}[group["key"]["kty"]]
    try:
        jws.deserialize_compact(token, key, algorithms=[algorithm])
    except (JoseError, ValueError):
        return False
    return True


@pytest.mark.parametrize(
    "number", range(len(GROUPS)), ids=[f"{at}-{group['comment']}" for at, group in enumerate(GROUPS)]
)
def test_what_is_invalid_is_refused_and_what_is_valid_is_not(number):
    group = GROUPS[number]
    wrong = []
    for case, result, comment, token in group["tests"]:
        expected = (result == "valid" or case in SAME_AS_VALID) and case not in STRICT
        header = jws.extract_compact(token.encode()).headers() if expected else {}
        if header and header["alg"] != group["key"]["alg"]:
            continue  # figures of RFC 7520 that another algorithm signed with a key said to be for this one
        if accepted(group, token) != expected:
            wrong.append((case, comment))
    assert wrong == []


def test_the_two_that_are_not_refused_are_the_valid_one():
    cases = {case: token for group in GROUPS for case, _, _, token in group["tests"]}
    assert {cases[case] for case in SAME_AS_VALID} == {cases[357]}


async def test_none_of_them_is_a_token_or_a_proof_of_ours():
    class Keys:
        async def find(self, key_id):
            return JWKRegistry.import_key(group["key"]), "https://fiji.example"

        async def voided(self, holder):
            return 0.0

    for group in GROUPS:
        verifier = TokenVerifier(Keys())
        for _, _, _, token in group["tests"]:
            with pytest.raises(Refused, match="TOKEN_INVALID"):
                await verifier.verify(token)
            with pytest.raises(Refused, match="TOKEN_INVALID"):
                read_proof(token)
