"""A client as Authlib reads it, and what each kind of client may do."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc8628 import DEVICE_CODE_GRANT_TYPE

from bp_identity.domain.client import BROWSER, SERVICE, TERMINAL, Client
from bp_identity.usecases.clients import knows_secret

SCOPES = ("openid", "profile", "email", "offline_access")
CODE, REFRESH, CREDENTIALS = "authorization_code", "refresh_token", "client_credentials"
DEVICE = DEVICE_CODE_GRANT_TYPE
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
SECRET_METHODS = ("client_secret_basic", "client_secret_post")
_GRANTS = {BROWSER: (CODE, REFRESH, EXCHANGE), TERMINAL: (DEVICE, REFRESH, EXCHANGE), SERVICE: (CREDENTIALS,)}
_METHODS = {BROWSER: ("none",), TERMINAL: ("none",), SERVICE: SECRET_METHODS}


class RegisteredClient(ClientMixin):  # type: ignore[misc] # Authlib has no types
    """A client.

    Args:
        client: Its record.

    Attributes:
        client: The same.
        client_metadata: What Authlib looks up by name.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self._kind = client.draft.kind
        self.client_metadata = {"post_logout_redirect_uris": client.draft.post_logout_redirect_uris}

    def get_client_id(self) -> str:
        """Returns its name."""
        return self.client.name

    def get_default_redirect_uri(self) -> None:
        """There is none: OAuth 2.1 wants it said, and compared exactly."""

    def get_allowed_scope(self, scope: str | None) -> str:
        """Returns what of a scope there is for it, in our order."""
        asked = (scope or "").split()
        return " ".join(one for one in (self.client.draft.scopes if self._kind == SERVICE else SCOPES) if one in asked)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Tells whether a code may be sent there."""
        return redirect_uri in self.client.draft.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        """Tells whether it is its secret."""
        return knows_secret(self.client, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Tells whether it may prove itself that way."""
        return method in _METHODS[self._kind]

    def check_response_type(self, response_type: str) -> bool:
        """Tells whether it may get that from the sign-in page."""
        return self._kind == BROWSER and response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Tells whether it may trade that for tokens."""
        return grant_type in _GRANTS[self._kind]
