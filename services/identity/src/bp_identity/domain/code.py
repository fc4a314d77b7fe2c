"""An authorization code: a minute's proof that a person signed in for a client."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class AuthorizationCode:
    """A code as it is kept; the code itself is known to its holder only.

    Attributes:
        digest: SHA-256 of the code, hexadecimal.
        client: The client it was made for.
        officer: Who signed in.
        redirect_uri: Where it was sent.
        scope: OAuth scope granted.
        nonce: OpenID Connect nonce; empty when none.
        challenge: PKCE S256 challenge.
        auth_time: When the person signed in.
        methods: How, by RFC 8176.
        expire_time: When it stops working.
        session_id: The session it became; empty while unused.
        thumbprint: Of the key that must trade it (RFC 9449, 10); empty for any.
    """

    digest: str
    client: str
    officer: str
    redirect_uri: str
    scope: str
    nonce: str
    challenge: str
    auth_time: datetime
    methods: tuple[str, ...]
    expire_time: datetime
    session_id: str = ""
    thumbprint: str = ""
