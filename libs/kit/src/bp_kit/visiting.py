"""People of other nodes: their own node made a token for this one, and the register says whether that node is to be believed.

A visitor's token carries its node's certificate of the key that signed it. The exchange checks the certificate by the register at each
call, so that who was revoked a moment ago is refused; nothing of a visitor is remembered. Whatever roles a visitor holds at home, here
they are a liaison officer of their units, and not cleared for anything (docs/adr/0010-tokens-abroad.md). A token that their own node bound
to a key (DPoP) is bound here, too.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from joserfc import jws
from joserfc.jwk import OKPKey
from joserfc.registry import HeaderParameter

from bluepacific.exchange.v1 import exchange_service_pb2 as exchange_pb2
from bluepacific.exchange.v1 import trust_service_pb2 as pb
from bluepacific.exchange.v1.trust_service_pb2_grpc import TrustServiceStub
from bp_kit.call import Principal
from bp_kit.errors import Refused

# The header that carries a serialised TokenKeyCertificate, in base64url.
CERTIFICATE = "bp_key"
ROLE = "liaison"
# RFC 9864 names the curve; `EdDSA` alone is deprecated.
ALGORITHM = "Ed25519"
MAX_SECONDS = 300
_LEEWAY_SECONDS = 60
REGISTRY = jws.JWSRegistry(
    header_registry={CERTIFICATE: HeaderParameter("The node's certificate of the key", "str")}, algorithms=[ALGORITHM]
)


def audience_of(country: str) -> str:
    """Returns the audience of tokens that are meant for the node of a country: `countries/TON`."""
    return f"countries/{country}"


def thumbprint_of(claims: Mapping[str, Any]) -> str:
    """Returns the key that a token is bound to (RFC 9449, 6.1), empty for none.

    Raises:
        KeyError: It is bound in another way, so it is none of ours.
        TypeError: The same.
    """
    return str(claims["cnf"]["jkt"]) if "cnf" in claims else ""


@dataclass(frozen=True)
class Visitor:
    """Whom another node's token names.

    Attributes:
        principal: As the register lets them in now.
        thumbprint: Of the key that the token is bound to; empty: whoever holds it.
    """

    principal: Principal
    thumbprint: str


class Visitors:
    """Verifies tokens of other nodes.

    Args:
        exchange: Returns the channel to this node's exchange.
        now: Seconds since the epoch.
    """

    def __init__(self, exchange: Callable[[], Any], now: Callable[[], float]) -> None:
        self._exchange = exchange
        self._now = now

    async def verify(self, token: str, certificate: object) -> Visitor:
        """Returns whom the token names, as the register lets them in now.

        Args:
            token: Of bearable length.
            certificate: What its header has for one; may be anything.

        Raises:
            Refused: TOKEN_INVALID, TOKEN_EXPIRED, UNAVAILABLE.
        """
        vouched = await self._ask(_decoded(certificate))
        key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": _encoded(vouched.public_key)})
        claims = json.loads(jws.deserialize_compact(token, key, registry=REGISTRY).payload)
        self._check(claims, vouched)
        return Visitor(_principal(claims, vouched), thumbprint_of(claims))

    async def _ask(self, certificate: bytes) -> pb.CheckTokenKeyResponse:
        try:
            answer = await TrustServiceStub(self._exchange()).CheckTokenKey(
                pb.CheckTokenKeyRequest(certificate=certificate)
            )
        except grpc.RpcError as error:
            if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                raise Refused("UNAVAILABLE") from None
            raise Refused("TOKEN_INVALID") from None
        except LookupError:
            # A service that has no way to the exchange receives no visitors.
            raise Refused("TOKEN_INVALID") from None
        assert isinstance(answer, pb.CheckTokenKeyResponse)
        return answer

    def _check(self, claims: dict[str, Any], vouched: pb.CheckTokenKeyResponse) -> None:
        audience, country, now = claims["aud"], claims["country"], self._now()
        named = [audience] if isinstance(audience, str) else audience
        if country not in vouched.countries or country in vouched.own_countries:
            raise Refused("TOKEN_INVALID")
        if not {audience_of(one) for one in vouched.own_countries}.intersection(named):
            raise Refused("TOKEN_INVALID")
        if not str(claims["sub"]).startswith(f"countries/{country}/officers/"):
            raise Refused("TOKEN_INVALID")
        issued, expires = float(claims["iat"]), float(claims["exp"])
        if not (issued < now + _LEEWAY_SECONDS and expires - issued <= MAX_SECONDS):
            raise Refused("TOKEN_INVALID")
        if now > expires + _LEEWAY_SECONDS:
            raise Refused("TOKEN_EXPIRED")


def _principal(claims: dict[str, Any], vouched: pb.CheckTokenKeyResponse) -> Principal:
    country = claims["country"]
    held = (str(one).split("@", 1) for one in claims["roles"])
    units = {f"countries/{country}/units/{unit}" for role, unit in held if role == ROLE}
    freshness = exchange_pb2.RegisterFreshness.Name(vouched.register_freshness)
    return Principal(
        name=claims["sub"],
        country=country,
        grants=frozenset((ROLE, unit) for unit in units.difference(vouched.revoked_units)),
        node=vouched.node_id,
        standing=freshness.removeprefix("REGISTER_FRESHNESS_"),
    )


def _decoded(certificate: object) -> bytes:
    if not isinstance(certificate, str):
        raise Refused("TOKEN_INVALID")
    return base64.urlsafe_b64decode(certificate + "=" * (-len(certificate) % 4))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
