"""The country's own OpenID provider: sends people there with PKCE, and reads what it says of them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from bp_kit.errors import Refused
from bp_kit.logs import get_logger

_ALGORITHMS = ["RS256", "PS256", "ES256", "Ed25519"]
_SECONDS = 10.0
_BYTES = 32
_LEEWAY_SECONDS = 60
_MOST_BYTES = 1 << 18
_log = get_logger("bp_identity.upstream")


@dataclass(frozen=True)
class Errand:
    """Somebody who was sent to the provider.

    Attributes:
        address: The page that the person shall come back to in the end.
        state: Must come back with the answer.
        nonce: Must stand in the ID token.
        verifier: PKCE.
    """

    address: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Claims:
    """Whom the provider signed in.

    Attributes:
        subject: By which it knows the person.
        methods: How the person signed in, as far as it says.
    """

    subject: str
    methods: tuple[object, ...]


class Upstream:
    """The provider.

    Args:
        issuer: It; empty for none.
        client_id: This node's id there.
        secret_file: Holds this node's secret there; None for a client without.
        claim: By which people are known.
        callback: Where it sends browsers back to.
        now: The time now, in UTC.
    """

    def __init__(
        self,
        issuer: str,
        *,
        client_id: str,
        secret_file: Path | None,
        claim: str,
        callback: str,
        now: Callable[[], datetime],
    ) -> None:
        self.issuer = issuer
        self._client_id = client_id
        self._secret_file = secret_file
        self._claim = claim
        self._callback = callback
        self._now = now

    async def begin(self, address: str) -> tuple[Errand, str]:
        """Returns an errand, and where to send the browser.

        Raises:
            Refused: UPSTREAM_FAILED: it cannot be reached.
        """
        metadata = await self._metadata()
        errand = Errand(address, *(secrets.token_urlsafe(_BYTES) for _ in range(3)))
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._callback,
            "scope": "openid",
            "state": errand.state,
            "nonce": errand.nonce,
            "code_challenge": create_s256_code_challenge(errand.verifier),
            "code_challenge_method": "S256",
        }
        return errand, f"{metadata['authorization_endpoint']}?{urlencode(asked)}"

    async def finish(self, errand: Errand, returned: Mapping[str, str]) -> Claims:
        """Trades the code that came back for what the provider says of the person.

        Raises:
            Refused: UPSTREAM_FAILED: it refused, cannot be reached, or the answer is not one to this errand.
        """
        if not secrets.compare_digest(returned.get("state", "").encode(), errand.state.encode()):
            raise Refused("UPSTREAM_FAILED")
        if returned.get("iss", self.issuer) != self.issuer or not returned.get("code"):
            raise Refused("UPSTREAM_FAILED")
        metadata = await self._metadata()
        form = {
            "grant_type": "authorization_code",
            "code": returned["code"],
            "redirect_uri": self._callback,
            "client_id": self._client_id,
            "code_verifier": errand.verifier,
        }
        if self._secret_file is not None:
            form["client_secret"] = self._secret_file.read_text(encoding="utf-8").strip()
        tokens = await self._asked("POST", metadata["token_endpoint"], form)
        keys = await self._asked("GET", metadata["jwks_uri"])
        try:
            return self._claims(tokens["id_token"], keys, errand)
        except (JoseError, ValueError, KeyError, TypeError, AttributeError):
            _log.warning("upstream.token_refused")
            raise Refused("UPSTREAM_FAILED") from None

    def _claims(self, token: str, keys: Any, errand: Errand) -> Claims:
        signed = jws.deserialize_compact(token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS)
        claims = json.loads(signed.payload)
        audience = claims["aud"]
        audiences = [audience] if isinstance(audience, str) else list(audience)
        now = self._now().timestamp()
        fits = (
            claims["iss"] == self.issuer
            and self._client_id in audiences
            and (len(audiences) == 1 or claims.get("azp") == self._client_id)
            and claims["nonce"] == errand.nonce
            and now < claims["exp"] + _LEEWAY_SECONDS
            and claims["iat"] < now + _LEEWAY_SECONDS
        )
        subject, methods = claims[self._claim], claims.get("amr", [])
        if not fits or not isinstance(subject, str) or not isinstance(methods, list):
            raise Refused("UPSTREAM_FAILED")
        return Claims(subject, tuple(methods))

    async def _metadata(self) -> dict[str, str]:
        metadata = await self._asked("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        names = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
        found = {name: str(metadata.get(name, "")) for name in names}
        if found["issuer"] != self.issuer or not all(found.values()):
            raise Refused("UPSTREAM_FAILED")
        return found

    async def _asked(self, method: str, address: str, form: dict[str, str] | None = None) -> Any:
        import httpx2  # noqa: PLC0415 - for those few nodes that have a provider

        try:
            async with httpx2.AsyncClient(timeout=_SECONDS) as http:
                answer = await http.request(method, address, data=form)
            if not answer.is_success or len(answer.content) > _MOST_BYTES:
                raise Refused("UPSTREAM_FAILED")
            content = answer.json()
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError):
            _log.warning("upstream.unreachable")
            raise Refused("UPSTREAM_FAILED") from None
        if not isinstance(content, dict):
            raise Refused("UPSTREAM_FAILED")
        return content
