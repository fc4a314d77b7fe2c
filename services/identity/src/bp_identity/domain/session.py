"""A session: one sign-in and the chain of refresh tokens that continues it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

# A satellite link may lose the answer that carried the next token: its holder asks again with the same one (RFC 9700, 4.14.2).
GRACE = timedelta(minutes=1)


@dataclass(frozen=True)
class Session:
    """One sign-in.

    Attributes:
        session_id: UUIDv7.
        officer: Who signed in.
        client: The OAuth client it was opened through; empty for the sign-in call.
        scope: OAuth scope granted, words separated by blanks.
        auth_time: When the person proved who it is.
        methods: How, by RFC 8176: `pwd`, `otp`.
        expire_time: When it ends whatever happens.
        revoke_time: When it was ended; None while it lasts.
        thumbprint: Of the key without which its refresh tokens are worthless (RFC 9449); empty for none.
    """

    session_id: str
    officer: str
    client: str
    scope: str
    auth_time: datetime
    methods: tuple[str, ...]
    expire_time: datetime
    revoke_time: datetime | None = None
    thumbprint: str = ""


@dataclass(frozen=True)
class RefreshToken:
    """One link of a session's chain; the token itself is known to its holder only.

    Attributes:
        digest: SHA-256 of the token, hexadecimal.
        session_id: Its session.
        use_time: When it was used; None before.
        superseded: Another token of the session was used after it was made: whoever brings this one is somebody else.
    """

    digest: str
    session_id: str
    use_time: datetime | None = None
    superseded: bool = False


class Use(Enum):
    """What using a refresh token means."""

    CONTINUES = "continues"
    ENDED = "ended"
    REUSED = "reused"


def judge_use(session: Session, token: RefreshToken, now: datetime) -> Use:
    """Says what using the token now means; REUSED means that somebody else holds it, and the session must end."""
    if session.revoke_time is not None or now >= session.expire_time:
        return Use.ENDED
    if token.superseded or (token.use_time is not None and now >= token.use_time + GRACE):
        return Use.REUSED
    return Use.CONTINUES
