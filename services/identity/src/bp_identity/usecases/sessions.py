"""Sessions: opening, continuing and ending them, and what their access tokens say."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from bp_identity.domain.grant import claims_of
from bp_identity.domain.names import officer_of
from bp_identity.domain.session import RefreshToken, Session, Use, judge_use
from bp_identity.usecases.boundaries import require_self_or_administrator
from bp_identity.usecases.ending import end_session
from bp_identity.usecases.proving import TokenSubject
from bp_identity.usecases.work import Desk, Work
from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.listing import Listed, Listing

_TOKEN_BYTES = 32


@dataclass(frozen=True)
class Issued:
    """Tokens of a session.

    Attributes:
        access_token: Signed.
        expire_time: When it ends.
        refresh_token: Continues the session, once.
        session: The session.
    """

    access_token: str
    expire_time: datetime
    refresh_token: str
    session: Session


def digest_of(token: str) -> str:
    """Returns what is kept of a random token: its SHA-256, hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


async def open_session(
    work: Work,
    desk: Desk,
    officer: str,
    *,
    auth_time: datetime,
    methods: tuple[str, ...],
    client: str,
    scope: str,
    thumbprint: str = "",
) -> Issued:
    """Opens a session for an officer, by name, who has proved who it is; with a key, for whoever holds that only."""
    session = Session(
        session_id=work.ids(),
        officer=officer,
        client=client,
        scope=scope,
        auth_time=auth_time,
        methods=methods,
        expire_time=work.clock() + desk.lifetimes.session,
        thumbprint=thumbprint,
    )
    await work.sessions.add(session)
    return await _issue(work, desk, session, thumbprint)


async def find_usable(work: Work, token: str) -> Session | None:
    """Returns the session that a refresh token continues; None for an unknown one or an ended session.

    A token used before, but for a moment ago, ends its session: one of its two users stole it. The caller must commit.
    """
    found = await work.sessions.find(digest_of(token))
    if found is None:
        return None
    session, refresh = found
    now = work.clock()
    use = judge_use(session, refresh, now)
    if use is Use.REUSED:
        await end_session(work, session.session_id, session.officer)
    if use is not Use.CONTINUES:
        return None
    officer = await work.officers.find(session.officer)
    return session if officer is not None and officer.active else None


async def continue_session(work: Work, desk: Desk, session: Session, token: str, thumbprint: str = "") -> Issued:
    """Uses up a refresh token that `find_usable` accepted and returns the next tokens, bound to the key that was shown, if any."""
    await work.sessions.use_token(digest_of(token), work.clock())
    return await _issue(work, desk, session, thumbprint)


async def refresh_session(desk: Desk, token: str) -> Issued:
    """Returns the next tokens of a session opened by the sign-in call.

    Raises:
        Refused: REFRESH_TOKEN_INVALID.
    """
    async with desk.transactions() as work:
        session = await find_usable(work, token)
        if session is not None and not session.client:
            return await continue_session(work, desk, session, token)
    # Outside of the transaction, so that the end of a stolen session is kept.
    raise Refused("REFRESH_TOKEN_INVALID")


async def find_held(work: Work, token: str) -> tuple[Session, RefreshToken] | None:
    """Returns a refresh token with its session, used or not."""
    return await work.sessions.find(digest_of(token))


async def find_session(work: Work, token: str) -> Session | None:
    """Returns the session that a refresh token belongs to, used or not."""
    found = await find_held(work, token)
    return found[0] if found else None


async def sign_out(work: Work, token: str) -> None:
    """Ends the session of a refresh token; an unknown one is as good as ended."""
    session = await find_session(work, token)
    if session is not None:
        await end_session(work, session.session_id, session.officer)


async def list_sessions(work: Work, principal: Principal, listing: Listing) -> Listed[Session]:
    """Returns a page of an officer's sessions that last.

    Raises:
        Refused: PERMISSION_DENIED, NOT_FOUND, INVALID_PAGE_TOKEN.
    """
    require_self_or_administrator(work, principal, listing.parent)
    return await work.sessions.page(listing, work.clock())


async def end_named_session(work: Work, principal: Principal, name: str) -> None:
    """Ends an officer's session; one that has ended stays so.

    Raises:
        Refused: PERMISSION_DENIED, NOT_FOUND for a country that is not served here.
    """
    require_self_or_administrator(work, principal, officer_of(name))
    session = await work.sessions.find_by_name(name, work.clock())
    if session is not None:
        await end_session(work, session.session_id, session.officer)


async def _issue(work: Work, desk: Desk, session: Session, thumbprint: str) -> Issued:
    now = work.clock()
    roles, ends = claims_of(await work.grants.of_officer(session.officer), now)
    not_after = min(ends, session.expire_time) if ends else session.expire_time
    officer = await work.officers.find(session.officer)
    subject = TokenSubject(
        session.officer,
        roles,
        not_after,
        client=session.client,
        scope=session.scope,
        clearance=officer.person.clearance if officer else 0,
        thumbprint=thumbprint,
    )
    access_token, expires = desk.minter.access_token(subject, now)
    refresh_token = secrets.token_urlsafe(_TOKEN_BYTES)
    await work.sessions.add_token(RefreshToken(digest=digest_of(refresh_token), session_id=session.session_id))
    return Issued(access_token, expires, refresh_token, session)
