"""Authlib's authorization server over facts that were read beforehand: it decides, without any input or output of its own.

Authlib asks its storage synchronously; ours is asynchronous. So what one request may need is read first, within the transaction that also
carries out what Authlib decided.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidClientError, OAuth2Error
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from bp_identity.adapters.oauth.client import RegisteredClient
from bp_identity.adapters.oauth.endpoints import ENDPOINTS
from bp_identity.adapters.oauth.grants import GRANTS
from bp_identity.adapters.oauth.web import OAuthRequest
from bp_identity.domain.client import Client
from bp_identity.domain.code import AuthorizationCode
from bp_identity.domain.session import Session
from bp_identity.usecases.devices import Waiting
from bp_kit.tokens import ALGORITHM

_UNAUTHORIZED = 401
_CLIENT_UNKNOWN = "The client is unknown, or its credentials are wrong."


@dataclass
class Facts:
    """What the database says about one request.

    Attributes:
        clients: Active clients among those the request names, by name.
        code: The code it brings, if that can be traded.
        session: The session whose refresh token it brings, if that lasts.
        device: The device grant it asks for, unless that is used up.
        inspected: What a token that it asks about says, if that counts.
        subject: What the access token says that it brings to be exchanged, if that counts.
    """

    clients: Mapping[str, Client] = field(default_factory=dict)
    code: AuthorizationCode | None = None
    session: Session | None = None
    device: Waiting | None = None
    inspected: Mapping[str, object] | None = None
    subject: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Decision:
    """What Authlib decided.

    Attributes:
        status: HTTP status.
        content: JSON content, or empty.
        headers: In order.
    """

    status: int
    content: dict[str, Any]
    headers: list[tuple[str, str]]


class OAuthServer(AuthorizationServer):  # type: ignore[misc] # Authlib has no types
    """Decides about one request.

    Args:
        facts: What the database says about it.
        page: Address of the page where people type a device's code.
        jwks: The node's public keys, where an ID token may come.

    Attributes:
        facts: The same.
        page: The same.
        jwks: The same.
        code: The authorization code made, to be kept.
        device: The device grant made, to be kept.
        revoked: The session is to be ended.
    """

    def __init__(self, facts: Facts, *, page: str = "", jwks: Any = None) -> None:
        super().__init__()
        self.facts = facts
        self.page = page
        self.jwks = jwks or {"keys": []}
        self.code = ""
        self.device: dict[str, str] | None = None
        self.revoked = False
        for grant, extensions in GRANTS:
            self.register_grant(grant, extensions)
        for endpoint in ENDPOINTS:
            self.register_endpoint(endpoint)
        # Tokens are made afterwards, by the use cases; this only says of which type.
        self.register_token_generator("default", lambda **_: {"token_type": "Bearer"})

    def query_client(self, client_id: str) -> RegisteredClient | None:
        """Returns the active client of that id."""
        found = self.facts.clients.get(client_id)
        return RegisteredClient(found) if found else None

    def clients_hinted(self, request: OAuthRequest) -> list[str]:
        """Returns the names of clients that a sign-out may be for: the one it names, and its ID token's once that is verified."""
        jwks: Any = self.jwks
        fields, claims = request.payload.data, {}
        if hint := fields.get("id_token_hint"):
            with contextlib.suppress(JoseError, ValueError):
                claims = jwt.decode(hint, KeySet.import_key_set(jwks), algorithms=[ALGORITHM]).claims
        return [str(name) for name in (fields.get("client_id"), claims.get("aud")) if name]

    def save_token(self, token: object, request: object) -> None:
        """Nothing yet: see above."""

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: OAuthRequest) -> OAuthRequest:
        """Returns the request as it is."""
        return request

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Decision:
        """Returns the decision."""
        return Decision(status, dict(body) if body else {}, headers)

    def handle_error_response(self, request: OAuthRequest, error: OAuth2Error) -> Decision:
        """Returns the refusal; which of client and secret is wrong is not told."""
        if isinstance(error, InvalidClientError):
            error.description, error.status_code = _CLIENT_UNKNOWN, _UNAUTHORIZED
        decision: Decision = super().handle_error_response(request, error)
        return decision
