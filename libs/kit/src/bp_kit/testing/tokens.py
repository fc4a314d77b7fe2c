"""Access tokens for tests: the same claims as identity's, signed by a key of the test run."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from joserfc import jws
from joserfc.jwk import OKPKey

from bp_kit.keys import Standing
from bp_kit.testing.canaries import WATCH
from bp_kit.tokens import ALGORITHM, AUDIENCE

ISSUER = "http://node.test"
_key = OKPKey.generate_key("Ed25519", {"kid": "test-key"})


class TestKeys:
    """The test run's public key."""

    __test__ = False

    async def find(self, key_id: str) -> tuple[OKPKey, str] | None:
        """Returns the key of that id, or None."""
        return (_key, ISSUER) if key_id == "test-key" else None

    async def voided(self, holder: str) -> float:
        """Returns 0: none is void."""
        return 0.0

    async def standing(self, officer: str, client: str, issued: float) -> Standing | None:
        """Returns a learner's: whoever asks is one, whatever the token of then says."""
        return Standing(("learner@academy",), 0)


def make_token(
    name: str, roles: Sequence[str], *, lifetime: float = 86_400, key: OKPKey = _key, **claims: object
) -> str:
    """Returns an access token.

    Args:
        name: `countries/FJI/officers/ana`.
        roles: `role@unit`.
        lifetime: Seconds; negative for an expired one.
        key: Signs it.
        claims: Replace the usual ones.
    """
    usual = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": name,
        "country": name.split("/")[1],
        "roles": list(roles),
        "iat": int(time.time()),
        "exp": int(time.time() + lifetime),
    }
    header = {"typ": "at+jwt", "alg": ALGORITHM, "kid": "test-key"}
    token = jws.serialize_compact(header, json.dumps({**usual, **claims}), key, algorithms=[ALGORITHM])
    WATCH.planted_token(token)
    return token
