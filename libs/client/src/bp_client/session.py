"""Who is signed in, and how to stay so: tokens, when they end, and how new ones are asked for. No input or output here."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote, urlencode

from google.protobuf import json_format

from bluepacific.identity.v1 import session_service_pb2

# A token that ends within this is renewed before it is used.
_MARGIN_SECONDS = 30.0
_FORM = "application/x-www-form-urlencoded"
_TOKEN_PATH = "/oauth2/token"  # noqa: S105 - a path


@dataclass(frozen=True)
class Tokens:
    """Tokens of a session; times in seconds since the epoch.

    Attributes:
        access_token: Sent with each call.
        expires: When the access token ends.
        refresh_token: Gives the next tokens, once; empty where others are asked for in another way.
        officer: Who signed in, where the gateway says so.
        id_token: OpenID Connect's, where asked for.
    """

    access_token: str
    expires: float
    refresh_token: str = ""
    officer: str = ""
    id_token: str = ""


@dataclass(frozen=True)
class Renewal:
    """A request for new tokens.

    Attributes:
        path: Where.
        content_type: Of the body.
        body: What is sent.
        read: Turns the response's body into tokens.
        headers: Further headers.
    """

    path: str
    content_type: str
    body: bytes
    read: Callable[[bytes], Tokens]
    headers: Mapping[str, str] = field(default_factory=dict)


class Credentials(Protocol):
    """How new tokens are asked for."""

    def renewal(self, tokens: Tokens | None, now: Callable[[], float]) -> Renewal | None:
        """Returns the request, or None when there is no way but to sign in again."""
        ...


class SignedIn:
    """Renewed by `RefreshSession`: for sessions of password sign-in."""

    def renewal(self, tokens: Tokens | None, now: Callable[[], float]) -> Renewal | None:
        """Returns the request, or None when the session has no refresh token."""
        if not tokens or not tokens.refresh_token:
            return None
        body = json.dumps({"refreshToken": tokens.refresh_token}).encode()
        return Renewal("/v1/sessions:refresh", "application/json", body, tokens_of_session)


@dataclass(frozen=True)
class OAuthSession:
    """Renewed at the token endpoint with the refresh token: for sessions of the authorization code flow.

    Attributes:
        client_id: The OAuth client's id, as registered.
    """

    client_id: str

    def renewal(self, tokens: Tokens | None, now: Callable[[], float]) -> Renewal | None:
        """Returns the request, or None when the session has no refresh token."""
        if not tokens or not tokens.refresh_token:
            return None
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token, "client_id": self.client_id}
        return Renewal(_TOKEN_PATH, _FORM, urlencode(form).encode(), lambda body: tokens_of_oauth(body, now()))


@dataclass(frozen=True, repr=False)
class ClientCredentials:
    """Renewed with the client's own secret: for services.

    Attributes:
        client_id: The OAuth client's id, as registered.
        client_secret: Its secret.
    """

    client_id: str
    client_secret: str

    def renewal(self, tokens: Tokens | None, now: Callable[[], float]) -> Renewal | None:
        """Returns the request."""
        pair = f"{quote(self.client_id, safe='')}:{quote(self.client_secret, safe='')}"
        headers = {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        body = urlencode({"grant_type": "client_credentials"}).encode()
        return Renewal(_TOKEN_PATH, _FORM, body, lambda answer: tokens_of_oauth(answer, now()), headers)


class Session:
    """The tokens of one client, shared by its channels.

    Args:
        now: Seconds since the epoch.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._tokens: Tokens | None = None
        self._credentials: Credentials | None = None

    @property
    def tokens(self) -> Tokens | None:
        """The tokens held now; None when signed out."""
        return self._tokens

    @property
    def access_token(self) -> str:
        """The access token; empty when there is none."""
        return self._tokens.access_token if self._tokens else ""

    @property
    def renewable(self) -> bool:
        """Tells whether new tokens can be had without a person."""
        return bool(self._credentials and self._credentials.renewal(self._tokens, self._now))

    @property
    def stale(self) -> bool:
        """Tells whether new tokens should be had before the next call."""
        ends = self._tokens.expires if self._tokens else float("-inf")
        return self.renewable and self._now() >= ends - _MARGIN_SECONDS

    def renewal(self) -> Renewal:
        """Returns the request for new tokens; ask `renewable` first."""
        found = self._credentials.renewal(self._tokens, self._now) if self._credentials else None
        assert found is not None, "renewable was asked first"
        return found

    def begin(self, credentials: Credentials | None, tokens: Tokens | None = None) -> None:
        """Replaces whoever was signed in."""
        self._credentials = credentials
        self._tokens = tokens

    def take(self, tokens: Tokens) -> None:
        """Takes renewed tokens; a refresh token that was not replaced stays."""
        held = self._tokens
        self._tokens = Tokens(
            tokens.access_token,
            tokens.expires,
            tokens.refresh_token or (held.refresh_token if held else ""),
            tokens.officer or (held.officer if held else ""),
            tokens.id_token or (held.id_token if held else ""),
        )

    def end(self) -> None:
        """Forgets everything."""
        self.begin(None)


def tokens_of(answer: session_service_pb2.TokenSet) -> Tokens:
    """Returns the tokens of a sign-in."""
    expires = answer.expire_time.seconds + answer.expire_time.nanos / 1e9
    return Tokens(answer.access_token, expires, answer.refresh_token, answer.officer)


def tokens_of_session(body: bytes) -> Tokens:
    """Returns the tokens of a `TokenSet` in JSON."""
    return tokens_of(json_format.Parse(body, session_service_pb2.TokenSet(), ignore_unknown_fields=True))


def tokens_of_oauth(body: bytes, now: float) -> Tokens:
    """Returns the tokens of a token endpoint's answer (RFC 6749, 5.1), which came at `now`."""
    answer = json.loads(body)
    return Tokens(
        answer["access_token"],
        now + float(answer.get("expires_in", 0)),
        answer.get("refresh_token", ""),
        id_token=answer.get("id_token", ""),
    )
