"""Authlib's authorization server over facts that were read beforehand: it decides, without any input or output of its own.

Authlib asks its storage synchronously; ours is asynchronous. So what one request may need is read first, within the transaction that also
carries out what Authlib decided.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    ClientMixin,
    InvalidClientError,
    InvalidRequestError,
    OAuth2Error,
    TokenMixin,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant, RefreshTokenGrant
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants.util import validate_request_prompt

from bp_identity.adapters.oauth.web import OAuthRequest
from bp_identity.domain.client import BROWSER, Client
from bp_identity.domain.code import AuthorizationCode
from bp_identity.domain.session import Session
from bp_identity.usecases.clients import knows_secret

SCOPES = ("openid", "profile", "email", "offline_access")
CODE, REFRESH, CREDENTIALS = "authorization_code", "refresh_token", "client_credentials"
_CODE_BYTES = 32
_GRANTS = {True: (CODE, REFRESH), False: (CREDENTIALS,)}
_METHODS = {True: ("none",), False: ("client_secret_basic", "client_secret_post")}
# What goes into a token or a redirect, and into a column of this width.
_NONCE = re.compile(r"[\x20-\x7e]{1,500}")
_UNAUTHORIZED = 401
_CLIENT_UNKNOWN = "The client is unknown, or its credentials are wrong."


@dataclass
class Facts:
    """What the database says about one request.

    Attributes:
        clients: Active clients among those the request names, by name.
        code: The code it brings, if that can be traded.
        session: The session whose refresh token it brings, if that lasts.
    """

    clients: Mapping[str, Client] = field(default_factory=dict)
    code: AuthorizationCode | None = None
    session: Session | None = None


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

    Attributes:
        facts: The same.
        code: The authorization code made, to be kept.
        revoked: The session is to be ended.
    """

    def __init__(self, facts: Facts) -> None:
        super().__init__()
        self.facts = facts
        self.code = ""
        self.revoked = False
        self.register_grant(_CodeGrant, [_ProofKey(required=True), _OpenId()])
        self.register_grant(_RefreshGrant)
        self.register_grant(_CredentialsGrant)
        self.register_endpoint(_Revocation)
        # Tokens are made afterwards, by the use cases; this only says of which type.
        self.register_token_generator("default", lambda **_: {"token_type": "Bearer"})

    def query_client(self, client_id: str) -> _Client | None:
        """Returns the active client of that id."""
        found = self.facts.clients.get(client_id)
        return _Client(found) if found else None

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


class _Client(ClientMixin):  # type: ignore[misc]
    def __init__(self, client: Client) -> None:
        self.client = client
        self._browser = client.draft.kind == BROWSER

    def get_client_id(self) -> str:
        return self.client.name

    def get_default_redirect_uri(self) -> None:
        """There is none: OAuth 2.1 wants it said, and compared exactly."""

    def get_allowed_scope(self, scope: str | None) -> str:
        asked = (scope or "").split()
        return " ".join(one for one in SCOPES if one in asked)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.client.draft.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return knows_secret(self.client, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in _METHODS[self._browser]

    def check_response_type(self, response_type: str) -> bool:
        return self._browser and response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in _GRANTS[self._browser]


class _Code:
    """A code as Authlib reads it."""

    code_challenge_method = "S256"

    def __init__(self, code: AuthorizationCode) -> None:
        self._code = code
        self.code_challenge = code.challenge

    def get_redirect_uri(self) -> str:
        return self._code.redirect_uri

    def get_scope(self) -> str:
        return self._code.scope


class _Held(TokenMixin):  # type: ignore[misc]
    """A session's refresh token as Authlib reads it."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def check_client(self, client: _Client) -> bool:
        return bool(self.session.client) and self.session.client == client.get_client_id()

    def get_scope(self) -> str:
        return self.session.scope


class _CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    @staticmethod
    def validate_authorization_redirect_uri(request: OAuthRequest, client: _Client) -> str:
        uri: str = request.payload.redirect_uri or ""
        if not client.check_redirect_uri(uri):
            raise InvalidRequestError("The 'redirect_uri' is not one of the client's.")
        return uri

    def generate_authorization_code(self) -> str:
        return secrets.token_urlsafe(_CODE_BYTES)

    def save_authorization_code(self, code: str, request: OAuthRequest) -> None:
        self.server.code = code

    def query_authorization_code(self, code: str, client: _Client) -> _Code | None:
        found = self.server.facts.code
        return _Code(found) if found and found.client == client.get_client_id() else None

    def authenticate_user(self, authorization_code: _Code) -> str:
        officer: str = self.server.facts.code.officer
        return officer

    def delete_authorization_code(self, authorization_code: _Code) -> None:
        """The use case marks it as used."""


class _RefreshGrant(RefreshTokenGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    def authenticate_refresh_token(self, refresh_token: str) -> _Held | None:
        session = self.server.facts.session
        return _Held(session) if session else None

    def authenticate_user(self, refresh_token: _Held) -> str:
        return refresh_token.session.officer

    def revoke_old_credential(self, refresh_token: _Held) -> None:
        """The use case uses it up."""


class _CredentialsGrant(ClientCredentialsGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")


class _Revocation(RevocationEndpoint):  # type: ignore[misc]
    CLIENT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")

    def query_token(self, token: str, hint: str | None) -> _Held | None:
        session = self.server.facts.session
        return _Held(session) if session else None

    def revoke_token(self, token: _Held, request: OAuthRequest) -> None:
        self.server.revoked = True


class _ProofKey(CodeChallenge):  # type: ignore[misc]
    """PKCE as OAuth 2.1 has it: always, and S256 alone."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        data = grant.request.payload.data
        if not data.get("code_challenge") or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE is needed: 'code_challenge' with 'code_challenge_method' S256.")
        super().validate_code_challenge(grant, redirect_uri)


class _OpenId:
    """What OpenID Connect adds to an authorization request: `nonce` and `prompt`."""

    def __call__(self, grant: Any) -> None:
        grant.register_hook("after_validate_authorization_request_payload", self._check_nonce)
        grant.register_hook("after_validate_consent_request", validate_request_prompt)

    def _check_nonce(self, grant: Any, redirect_uri: str) -> None:
        nonce = grant.request.payload.data.get("nonce", "")
        if nonce and not _NONCE.fullmatch(nonce):
            raise InvalidRequestError("The 'nonce' is too long, or not in ASCII.")
