"""Authlib's endpoints beside the token endpoint, over facts that were read beforehand."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749 import UnauthorizedClientError
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint
from authlib.oidc.rpinitiated import EndSessionEndpoint

from bp_identity.adapters.oauth.client import DEVICE, SECRET_METHODS, RegisteredClient
from bp_identity.adapters.oauth.grants import CODE_BYTES, HeldToken
from bp_identity.adapters.oauth.web import OAuthRequest
from bp_identity.domain.client import SERVICE
from bp_identity.domain.device import INTERVAL_SECONDS, LIFETIME, USER_CODE_LETTERS, shown_user_code
from bp_kit.tokens import ALGORITHM


class _Revocation(RevocationEndpoint):  # type: ignore[misc]
    CLIENT_AUTH_METHODS = (*SECRET_METHODS, "none")

    def query_token(self, token: str, hint: str | None) -> HeldToken | None:
        session = self.server.facts.session
        return HeldToken(session) if session else None

    def revoke_token(self, token: HeldToken, request: OAuthRequest) -> None:
        self.server.revoked = True


class _Introspection(IntrospectionEndpoint):  # type: ignore[misc]
    """For programs of the country's own that keep a secret; what does not count is only said not to (RFC 7662)."""

    CLIENT_AUTH_METHODS = SECRET_METHODS

    def check_permission(self, token: object, client: RegisteredClient, request: OAuthRequest) -> bool:
        return client.client.draft.kind == SERVICE

    def query_token(self, token: str, hint: str | None) -> _Inspected | None:
        inspected = self.server.facts.inspected
        return _Inspected(inspected) if inspected else None

    def introspect_token(self, token: _Inspected) -> dict[str, object]:
        return dict(token.claims)


@dataclass(frozen=True)
class _Inspected:
    claims: Mapping[str, object]

    def is_expired(self) -> bool:
        """Ended ones are not read."""
        return False

    def is_revoked(self) -> bool:
        """Void ones are not read."""
        return False


class _DeviceAuthorization(DeviceAuthorizationEndpoint):  # type: ignore[misc]
    CLIENT_AUTH_METHODS = ("none",)
    EXPIRES_IN = int(LIFETIME.total_seconds())
    INTERVAL = INTERVAL_SECONDS

    def authenticate_client(self, request: OAuthRequest) -> RegisteredClient:
        client: RegisteredClient = super().authenticate_client(request)
        if not client.check_grant_type(DEVICE):
            raise UnauthorizedClientError("The client is not one that signs people in from a device.")
        return client

    def generate_user_code(self) -> str:
        return shown_user_code("".join(secrets.choice(USER_CODE_LETTERS) for _ in range(8)))

    def generate_device_code(self) -> str:
        return secrets.token_urlsafe(CODE_BYTES)

    def get_verification_uri(self) -> str:
        page: str = self.server.page
        return page

    def save_device_credential(self, client_id: str, scope: str | None, data: Mapping[str, Any]) -> None:
        allowed = self.server.query_client(client_id).get_allowed_scope(scope)
        codes = {"device_code": data["device_code"], "user_code": data["user_code"]}
        self.server.device = {**codes, "client": client_id, "scope": allowed}


class _EndSession(EndSessionEndpoint):  # type: ignore[misc]
    def get_server_jwks(self) -> Mapping[str, Any]:
        jwks: Mapping[str, Any] = self.server.jwks
        return dict(jwks)

    def get_algorithms(self) -> list[str]:
        return [ALGORITHM]

    def end_session(self, end_session_request: object) -> None:
        """The use case does."""


ENDPOINTS: tuple[type, ...] = (_Revocation, _Introspection, _DeviceAuthorization, _EndSession)
