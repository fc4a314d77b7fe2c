"""OpenID Connect sign-in with a browser: authorization code with PKCE (RFC 7636). The browser is the caller's to open."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from bp_client.flow import Flow, HttpReply, HttpRequest, call_flow
from bp_client.problem import Problem
from bp_client.session import OAuthSession, Session, tokens_of_oauth

_BYTES = 32


@dataclass(frozen=True, repr=False)
class Authorization:
    """A sign-in that has begun: send the person to `url`, keep the rest until the browser comes back.

    Attributes:
        url: The gateway's sign-in page.
        client_id: The OAuth client's id, as registered.
        redirect_uri: Where the browser comes back to, as registered.
        verifier: PKCE's secret.
        state: Must come back as it is.
        nonce: Must stand in the id token.
        issuer: Must come back as it is.
    """

    url: str
    client_id: str
    redirect_uri: str
    verifier: str
    state: str
    nonce: str
    issuer: str


def begin(gateway: str, *, client_id: str, redirect_uri: str, scope: str = "openid") -> Authorization:
    """Begins a sign-in.

    Args:
        gateway: The gateway's URL, which is the issuer too.
        client_id: The OAuth client's id, as registered.
        redirect_uri: Where the browser comes back to, as registered.
        scope: What is asked for.
    """
    verifier, state, nonce = (secrets.token_urlsafe(_BYTES) for _ in range(3))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": scope,
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    issuer = gateway.rstrip("/")
    url = f"{issuer}/oauth2/authorize?{urlencode(query)}"
    return Authorization(url, client_id, redirect_uri, verifier, state, nonce, issuer)


def finish_flow(session: Session, begun: Authorization, callback: str, now: float) -> Flow:
    """Trades the code for tokens; the session is then signed in.

    Args:
        session: To be signed in.
        begun: What `begin` gave.
        callback: The whole address that the browser came back to.
        now: Seconds since the epoch.

    Raises:
        Problem: The person or the gateway refused, or the answer belongs to another sign-in.
    """
    answer = {key: values[0] for key, values in parse_qs(urlsplit(callback).query).items()}
    if not secrets.compare_digest(answer.get("state", ""), begun.state):
        raise Problem(0, "TOKEN_INVALID", "The answer belongs to another sign-in.")
    if answer.get("iss") != begun.issuer:  # RFC 9207: a code for one provider must never be shown to another
        raise Problem(0, "TOKEN_INVALID", "The answer comes from another gateway.")
    if "code" not in answer:
        raise Problem(0, "PERMISSION_DENIED", answer.get("error_description") or answer.get("error") or "No code came.")
    form = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": begun.redirect_uri,
        "client_id": begun.client_id,
        "code_verifier": begun.verifier,
    }
    request = HttpRequest(
        "POST",
        "/oauth2/token",
        headers={"content-type": "application/x-www-form-urlencoded"},
        content=urlencode(form).encode(),
        repeatable=False,
    )
    reply: HttpReply = yield from call_flow(session, request, public=True)
    tokens = tokens_of_oauth(reply.body, now)
    if tokens.id_token and not secrets.compare_digest(_nonce(tokens.id_token), begun.nonce):
        raise Problem(0, "TOKEN_INVALID", "The id token belongs to another sign-in.")
    session.begin(OAuthSession(begun.client_id), tokens)


def _nonce(id_token: str) -> str:
    """Returns the nonce. It came straight from the token endpoint, so the connection vouches for it (OpenID Connect Core 3.1.3.7)."""
    parts = id_token.split(".")
    try:
        return str(json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))).get("nonce", ""))
    except (ValueError, IndexError, AttributeError):
        return ""
