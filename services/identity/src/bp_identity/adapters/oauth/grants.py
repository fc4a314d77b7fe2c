"""What may be traded for tokens, and how: Authlib's grants over facts that were read beforehand."""

from __future__ import annotations

import re
import secrets
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError, InvalidScopeError, TokenMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8628 import DeviceCodeGrant
from authlib.oidc.core.grants.util import validate_request_prompt

from bp_identity.adapters.oauth.client import SECRET_METHODS, RegisteredClient
from bp_identity.adapters.oauth.exchanging import ExchangeGrant
from bp_identity.adapters.oauth.web import OAuthRequest
from bp_identity.domain.code import AuthorizationCode
from bp_identity.domain.device import APPROVED, DENIED
from bp_identity.domain.session import Session
from bp_identity.usecases.devices import Waiting

CODE_BYTES = 32
# What goes into a token or a redirect, and into a column of this width.
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
_NONCE = re.compile(r"[\x20-\x7e]{1,500}")


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


class HeldToken(TokenMixin):  # type: ignore[misc]
    """A session's refresh token as Authlib reads it."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def check_client(self, client: RegisteredClient) -> bool:
        """Tells whether it is that client's."""
        return bool(self.session.client) and self.session.client == client.get_client_id()

    def get_scope(self) -> str:
        """Returns the session's scope."""
        return self.session.scope


class _Waiting:
    """A device grant as Authlib reads it."""

    def __init__(self, waiting: Waiting) -> None:
        self.waiting = waiting

    def get_client_id(self) -> str:
        return self.waiting.grant.client

    def get_scope(self) -> str:
        return self.waiting.grant.scope

    def get_user_code(self) -> str:
        """Nothing: who decided stands in the grant itself."""
        return ""

    def is_expired(self) -> bool:
        return self.waiting.expired


class _CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    @staticmethod
    def validate_authorization_redirect_uri(request: OAuthRequest, client: RegisteredClient) -> str:
        uri: str = request.payload.redirect_uri or ""
        if not client.check_redirect_uri(uri):
            raise InvalidRequestError("The 'redirect_uri' is not one of the client's.")
        return uri

    def generate_authorization_code(self) -> str:
        return secrets.token_urlsafe(CODE_BYTES)

    def save_authorization_code(self, code: str, request: OAuthRequest) -> None:
        self.server.code = code

    def query_authorization_code(self, code: str, client: RegisteredClient) -> _Code | None:
        found = self.server.facts.code
        return _Code(found) if found and found.client == client.get_client_id() else None

    def authenticate_user(self, authorization_code: _Code) -> str:
        officer: str = self.server.facts.code.officer
        return officer

    def delete_authorization_code(self, authorization_code: _Code) -> None:
        """The use case marks it as used."""


class _RefreshGrant(RefreshTokenGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    def authenticate_refresh_token(self, refresh_token: str) -> HeldToken | None:
        session = self.server.facts.session
        return HeldToken(session) if session else None

    def authenticate_user(self, refresh_token: HeldToken) -> str:
        return refresh_token.session.officer

    def revoke_old_credential(self, refresh_token: HeldToken) -> None:
        """The use case uses it up."""


class _CredentialsGrant(ClientCredentialsGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = SECRET_METHODS

    def validate_token_request(self) -> None:
        """Refuses scopes that the client was not granted: less than it asks for would only puzzle it later.

        Raises:
            OAuth2Error: `invalid_scope`, and as Authlib's own.
        """
        super().validate_token_request()
        asked = self.request.payload.scope or ""
        if not set(asked.split()) <= set(self.request.client.client.draft.scopes):
            raise InvalidScopeError


class _DeviceGrant(DeviceCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    def query_device_credential(self, device_code: str) -> _Waiting | None:
        found = self.server.facts.device
        return _Waiting(found) if found else None

    def query_user_grant(self, user_code: str) -> tuple[str, bool] | None:
        grant = self.server.facts.device.grant
        return (grant.officer, grant.state == APPROVED) if grant.state in (APPROVED, DENIED) else None

    def should_slow_down(self, credential: _Waiting) -> bool:
        return credential.waiting.too_soon


class _ProofKey(CodeChallenge):  # type: ignore[misc]
    """PKCE as OAuth 2.1 has it: always, and S256 alone."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        data = grant.request.payload.data
        if not data.get("code_challenge") or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE is needed: 'code_challenge' with 'code_challenge_method' S256.")
        super().validate_code_challenge(grant, redirect_uri)


class _OpenId:
    """What OpenID Connect and DPoP add to an authorization request: `nonce`, `prompt` and `dpop_jkt`."""

    def __call__(self, grant: Any) -> None:
        grant.register_hook("after_validate_authorization_request_payload", self._check_words)
        grant.register_hook("after_validate_consent_request", validate_request_prompt)

    def _check_words(self, grant: Any, redirect_uri: str) -> None:
        thumbprint = grant.request.payload.data.get("dpop_jkt", "")
        if thumbprint and not _THUMBPRINT.fullmatch(thumbprint):
            raise InvalidRequestError("The 'dpop_jkt' is no SHA-256 thumbprint of a key.")
        nonce = grant.request.payload.data.get("nonce", "")
        if nonce and not _NONCE.fullmatch(nonce):
            raise InvalidRequestError("The 'nonce' is too long, or not in ASCII.")


# Each with what extends it.
GRANTS: tuple[tuple[type, list[object]], ...] = (
    (_CodeGrant, [_ProofKey(required=True), _OpenId()]),
    (_RefreshGrant, []),
    (_CredentialsGrant, []),
    (_DeviceGrant, []),
    (ExchangeGrant, []),
)
