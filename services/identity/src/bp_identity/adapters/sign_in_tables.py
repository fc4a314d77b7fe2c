"""What signing in keeps: credentials, attempts, codes, sessions and their refresh tokens."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bp_identity.adapters.tables import (
    CodeRow,
    CredentialRow,
    DeviceRow,
    RecoveryRow,
    RefreshTokenRow,
    SessionRow,
    ThrottleRow,
    UsedChallengeRow,
    VoidRow,
)
from bp_identity.domain.code import AuthorizationCode
from bp_identity.domain.credential import Credential
from bp_identity.domain.names import last_of, officer_of
from bp_identity.domain.session import RefreshToken, Session
from bp_identity.domain.throttle import FORGET, LONGEST, Throttle
from bp_kit.listing import Listed, Listing
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer
from bp_kit.upserts import insert_of


class SqlCredentials:
    """What proves who signs in."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, officer: str, *, for_change: bool = False) -> Credential | None:
        """Returns the officer's credential, locked when to be changed."""
        row = await self._session.get(CredentialRow, officer, with_for_update=for_change or None)
        if row is None:
            return None
        return Credential(
            officer=row.officer,
            password_hash=row.password_hash,
            password_expire_time=row.password_expire_time,
            totp_sealed=row.totp_sealed,
            totp_pending=row.totp_pending,
            totp_step=row.totp_step,
        )

    async def save(self, credential: Credential) -> None:
        """Keeps it, new or changed."""
        await self._session.merge(CredentialRow(**asdict(credential)))
        await self._session.flush()


class SqlThrottles:
    """Attempts by user name as typed, kept under a keyed hash."""

    def __init__(self, session: AsyncSession, key: bytes) -> None:
        self._session = session
        self._key = key

    async def find(self, username: str) -> Throttle:
        """Returns the attempts on it, locked."""
        digest = self._digest(username)
        # Two first attempts at once must wait for one another, so the row is there before it is locked.
        statement = insert_of(self._session, ThrottleRow).values(digest=digest, attempts=0)
        await self._session.execute(statement.on_conflict_do_nothing())
        row = await self._session.get_one(ThrottleRow, digest, with_for_update=True)
        return Throttle(attempts=row.attempts, last_time=row.last_time, blocked_until=row.blocked_until)

    async def save(self, username: str, throttle: Throttle) -> None:
        """Keeps the attempts on it."""
        await self._session.merge(ThrottleRow(digest=self._digest(username), **asdict(throttle)))
        await self._session.flush()

    async def forget(self, username: str) -> None:
        """Forgets the attempts on it."""
        await self._session.execute(delete(ThrottleRow).where(ThrottleRow.digest == self._digest(username)))

    def _digest(self, username: str) -> bytes:
        return hmac.digest(self._key, username.encode(), hashlib.sha256)


class SqlSessions:
    """Sessions and their refresh tokens."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, digest: str) -> tuple[Session, RefreshToken] | None:
        """Returns the session and the token of that digest, both locked."""
        token = await self._session.get(RefreshTokenRow, digest)
        if token is None:
            return None
        row = await self._session.get_one(SessionRow, token.session_id, with_for_update=True)
        # Read again under the session's lock: another use may have been first.
        await self._session.refresh(token)
        return _session(row), RefreshToken(digest, token.session_id, token.use_time, token.superseded)

    async def add(self, session: Session) -> None:
        """Keeps a new session."""
        self._session.add(SessionRow(**{**asdict(session), "methods": list(session.methods)}))
        await self._session.flush()

    async def add_token(self, token: RefreshToken) -> None:
        """Keeps a new token."""
        self._session.add(RefreshTokenRow(**asdict(token)))
        await self._session.flush()

    async def find_by_name(self, name: str, now: datetime) -> Session | None:
        """Returns the session of that name if it lasts."""
        row = await self._session.scalar(_lasting(officer_of(name), now).where(SessionRow.session_id == last_of(name)))
        return _session(row) if row else None

    async def page(self, listing: Listing, now: datetime) -> Listed[Session]:
        """Returns a page of one officer's sessions that last, oldest first."""
        page = await read_page(
            self._session,
            self._sealer,
            _lasting(listing.parent, now),
            listing=listing,
            keys=(SessionRow.session_id,),
        )
        return Listed([_session(row) for row in page.rows], page.next_token)

    async def use_token(self, digest: str, now: datetime) -> None:
        """Marks a token as used, and every other token of its session as superseded."""
        session_id = select(RefreshTokenRow.session_id).where(RefreshTokenRow.digest == digest).scalar_subquery()
        await self._session.execute(
            update(RefreshTokenRow)
            .where(RefreshTokenRow.session_id == session_id, RefreshTokenRow.digest != digest)
            .values(superseded=True)
        )
        await self._session.execute(
            update(RefreshTokenRow).where(RefreshTokenRow.digest == digest).values(use_time=now)
        )

    async def ended_since(self, officer: str, moment: datetime) -> bool:
        """Tells whether a session of an officer that lasted at that moment has been ended since, before its time."""
        ended = select(SessionRow.session_id).where(
            SessionRow.officer == officer, SessionRow.auth_time <= moment, SessionRow.revoke_time >= moment
        )
        return await self._session.scalar(ended.limit(1)) is not None

    async def revoke(self, now: datetime, *, session_id: str = "", officer: str = "", client: str = "") -> None:
        """Ends one session, all of an officer, or all of a client."""
        whose = (
            SessionRow.session_id == session_id
            if session_id
            else SessionRow.officer == officer
            if officer
            else SessionRow.client == client
        )
        await self._session.execute(
            update(SessionRow).where(whose, SessionRow.revoke_time.is_(None)).values(revoke_time=now)
        )


class SqlVoids:
    """From when on access tokens of an officer or client count."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def void(self, holder: str, now: datetime) -> None:
        """Voids the holder's tokens that were issued until now."""
        statement = insert_of(self._session, VoidRow).values(holder=holder, void_time=now)
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=[VoidRow.holder], set_={"void_time": now})
        )

    async def of(self, holder: str) -> datetime | None:
        """Returns until when the holder's tokens are void."""
        return await self._session.scalar(select(VoidRow.void_time).where(VoidRow.holder == holder))

    async def since(self, moment: datetime) -> dict[str, datetime]:
        """Returns, by holder, until when tokens are void, of those voided after that moment."""
        rows = await self._session.execute(select(VoidRow.holder, VoidRow.void_time).where(VoidRow.void_time > moment))
        return {row.holder: row.void_time for row in rows}


class SqlCodes:
    """Authorization codes."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, digest: str) -> AuthorizationCode | None:
        """Returns the code, locked."""
        row = await self._session.get(CodeRow, digest, with_for_update=True)
        if row is None:
            return None
        return AuthorizationCode(
            digest=row.digest,
            client=row.client,
            officer=row.officer,
            redirect_uri=row.redirect_uri,
            scope=row.scope,
            nonce=row.nonce,
            challenge=row.challenge,
            auth_time=row.auth_time,
            methods=tuple(row.methods),
            expire_time=row.expire_time,
            session_id=row.session_id,
            thumbprint=row.thumbprint,
        )

    async def add(self, code: AuthorizationCode) -> None:
        """Keeps a new code."""
        self._session.add(CodeRow(**{**asdict(code), "methods": list(code.methods)}))
        await self._session.flush()

    async def use(self, digest: str, session_id: str) -> None:
        """Marks a code as used for that session."""
        await self._session.execute(update(CodeRow).where(CodeRow.digest == digest).values(session_id=session_id))


async def clear_expired(session: AsyncSession, now: datetime) -> int:
    """Deletes sessions and codes that ended a day ago, and attempts that no longer count.

    Returns:
        How many rows went.
    """
    # A day longer than they work, so that a late replay is still recognised as one.
    ended = now - timedelta(days=1)
    gone = 0
    for statement in (
        delete(RefreshTokenRow).where(
            RefreshTokenRow.session_id.in_(select(SessionRow.session_id).where(SessionRow.expire_time < ended))
        ),
        delete(SessionRow).where(SessionRow.expire_time < ended),
        delete(CodeRow).where(CodeRow.expire_time < ended),
        delete(DeviceRow).where(DeviceRow.expire_time < ended),
        delete(UsedChallengeRow).where(UsedChallengeRow.expire_time < now),
        delete(RecoveryRow).where(RecoveryRow.expire_time < ended),
        delete(VoidRow).where(VoidRow.void_time < ended),
        delete(ThrottleRow).where(ThrottleRow.last_time < now - FORGET - LONGEST),
    ):
        result = await session.execute(statement)
        assert isinstance(result, CursorResult)
        gone += result.rowcount
    return gone


def _lasting(officer: str, now: datetime) -> Select[Any]:
    return select(SessionRow).where(
        SessionRow.officer == officer, SessionRow.revoke_time.is_(None), SessionRow.expire_time > now
    )


def _session(row: SessionRow) -> Session:
    return Session(
        session_id=row.session_id,
        officer=row.officer,
        client=row.client,
        scope=row.scope,
        auth_time=row.auth_time,
        methods=tuple(row.methods),
        expire_time=row.expire_time,
        revoke_time=row.revoke_time,
        thumbprint=row.thumbprint,
    )
