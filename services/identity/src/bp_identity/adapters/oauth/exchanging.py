"""Acting at another node: an officer's token is exchanged for one that only that node takes (RFC 8693).

See docs/adr/0010-tokens-abroad.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import grpc
from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, OAuth2Error, UnauthorizedClientError
from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin

from bluepacific.exchange.v1 import trust_service_pb2 as trust_pb2
from bluepacific.exchange.v1.trust_service_pb2_grpc import TrustServiceStub
from bp_identity.adapters.oauth.client import EXCHANGE
from bp_identity.adapters.oauth.web import OAuthRequest
from bp_kit.errors import Refused

ISSUED_TYPE = "urn:ietf:params:oauth:token-type:access_token"
# What they are at the other node is a liaison officer, whichever of these they are at home.
_TRAVELLING = ("officer", "analyst", "duty_officer", "ncb_head", "liaison")
_AUDIENCE = re.compile(r"countries/([A-Z]{3})")
# The client of tokens from the sign-in call, which any of the node's own programs may bring.
_DIRECT = "direct"


class InvalidTargetError(OAuth2Error):  # type: ignore[misc] # Authlib has no types
    """The token is wanted for no other node (RFC 8693, 2.2.2)."""

    error = "invalid_target"
    description = "The 'audience' must be one other country, such as countries/TON."


@dataclass(frozen=True)
class Travel:
    """Who goes where.

    Attributes:
        officer: Name.
        client: The program they use.
        units: Short names of their units for which they may act abroad.
        country: ISO code of the country whose node takes the token.
        not_after: The token must end by then.
        thumbprint: Of the key that the token is bound to; empty: whoever holds it.
    """

    officer: str
    client: str
    units: tuple[str, ...]
    country: str
    not_after: datetime
    thumbprint: str = ""


class Certifying(Protocol):
    """Has the node certify the key of tokens for other nodes."""

    async def certificate(self, public_key: bytes) -> bytes:
        """Returns the certificate of an Ed25519 public key."""
        ...


class RemoteCertifying:
    """Asks the exchange, which has the node's key of the register.

    Args:
        channel: Returns the channel to a service of this node.
    """

    def __init__(self, channel: Callable[[str], Any]) -> None:
        self._channel = channel

    async def certificate(self, public_key: bytes) -> bytes:
        """Returns the certificate of an Ed25519 public key.

        Raises:
            Refused: UNAVAILABLE.
        """
        stub = TrustServiceStub(self._channel("exchange"))
        try:
            answer = await stub.CertifyTokenKey(trust_pb2.CertifyTokenKeyRequest(public_key=public_key))
        except grpc.RpcError:
            raise Refused("UNAVAILABLE") from None
        return bytes(answer.certificate)


class ExchangeGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]
    """The token-exchange grant, for tokens of officers and other nodes alone."""

    GRANT_TYPE = EXCHANGE
    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    def validate_token_request(self) -> None:
        """Refuses what this node would not vouch for.

        Raises:
            OAuth2Error: `invalid_request`, `invalid_grant`, `invalid_target`, `unauthorized_client`.
        """
        client = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(EXCHANGE):
            raise UnauthorizedClientError("The client may not exchange tokens.")
        self.request.client = client
        asked, subject = self.request.payload, self.server.facts.subject
        if asked.data.get("subject_token_type") != ISSUED_TYPE or "actor_token" in asked.data:
            raise InvalidRequestError("The 'subject_token' must be an access token, and come alone.")
        if asked.data.get("requested_token_type", ISSUED_TYPE) != ISSUED_TYPE:
            raise InvalidRequestError("The 'requested_token_type' can only be an access token.")
        if subject is None or subject.get("client_id", _DIRECT) not in (_DIRECT, client.get_client_id()):
            raise InvalidGrantError("The 'subject_token' does not count, or is another client's.")
        if not _units(subject) or "/officers/" not in str(subject["sub"]):
            raise InvalidGrantError("The 'subject_token' names nobody who may act abroad.")
        country = _country(self.request)
        if country is None or country == subject["country"]:
            raise InvalidTargetError

    def create_token_response(self) -> tuple[int, dict[str, str], list[tuple[str, str]]]:
        """Returns what becomes the answer once the token is made."""
        return 200, {"token_type": "Bearer"}, self.TOKEN_RESPONSE_HEADER


def travel_of(request: OAuthRequest, subject: Mapping[str, Any], thumbprint: str) -> Travel:
    """Returns who goes where, of a request that the grant has found right.

    Args:
        request: The request.
        subject: What the officer's own token says.
        thumbprint: Of the key that was shown; empty for none.
    """
    country = _country(request)
    assert country is not None
    return Travel(
        officer=str(subject["sub"]),
        client=request.client.get_client_id(),
        units=_units(subject),
        country=country,
        not_after=datetime.fromtimestamp(float(subject["exp"]), UTC),
        thumbprint=thumbprint,
    )


def _country(request: OAuthRequest) -> str | None:
    audiences = request.payload.datalist.get("audience", [])
    found = _AUDIENCE.fullmatch(audiences[0]) if len(audiences) == 1 else None
    return found[1] if found else None


def _units(subject: Mapping[str, Any]) -> tuple[str, ...]:
    held = (str(one).split("@", 1) for one in subject["roles"])
    return tuple(sorted({unit for role, unit in held if role in _TRAVELLING}))
