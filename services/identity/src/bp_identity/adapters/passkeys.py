"""Passkeys in the database, and the challenges that were signed."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_identity.adapters.tables import PasskeyRow, UsedChallengeRow
from bp_identity.domain.passkey import Passkey
from bp_kit.listing import Listed, Listing
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer
from bp_kit.upserts import insert_of

# Longer than any challenge works.
_KEPT = timedelta(hours=1)


class SqlPasskeys:
    """Passkeys."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find_by_credential(self, credential_id: str) -> Passkey | None:
        """Returns the passkey that an authenticator knows by this id, locked."""
        statement = select(PasskeyRow).where(PasskeyRow.credential_id == credential_id).with_for_update()
        row = await self._session.scalar(statement)
        return _passkey(row) if row else None

    async def of_officer(self, officer: str) -> list[Passkey]:
        """Returns an officer's passkeys, oldest first."""
        statement = select(PasskeyRow).where(PasskeyRow.officer == officer).order_by(PasskeyRow.name)
        return [_passkey(row) for row in await self._session.scalars(statement)]

    async def page(self, listing: Listing) -> Listed[Passkey]:
        """Returns a page of one officer's passkeys, oldest first."""
        page = await read_page(
            self._session,
            self._sealer,
            select(PasskeyRow).where(PasskeyRow.officer == listing.parent),
            listing=listing,
            keys=(PasskeyRow.name,),
        )
        return Listed([_passkey(row) for row in page.rows], page.next_token)

    async def add(self, passkey: Passkey) -> None:
        """Keeps a new passkey."""
        self._session.add(PasskeyRow(**asdict(passkey)))
        await self._session.flush()

    async def save(self, passkey: Passkey) -> None:
        """Keeps a changed passkey."""
        await self._session.merge(PasskeyRow(**asdict(passkey)))
        await self._session.flush()

    async def remove(self, officer: str, name: str = "") -> bool:
        """Forgets one passkey of an officer, or all; tells whether there was any."""
        statement = delete(PasskeyRow).where(PasskeyRow.officer == officer)
        result = await self._session.execute(statement.where(PasskeyRow.name == name) if name else statement)
        assert isinstance(result, CursorResult)
        return result.rowcount > 0

    async def use_challenge(self, challenge: bytes, now: datetime) -> bool:
        """Notes that a challenge was signed; False where it was before."""
        digest = hashlib.sha256(challenge).hexdigest()
        statement = insert_of(self._session, UsedChallengeRow).values(digest=digest, expire_time=now + _KEPT)
        result = await self._session.execute(statement.on_conflict_do_nothing())
        assert isinstance(result, CursorResult)
        return result.rowcount == 1


def _passkey(row: PasskeyRow) -> Passkey:
    return Passkey(
        name=row.name,
        officer=row.officer,
        credential_id=row.credential_id,
        public_key=row.public_key,
        sign_count=row.sign_count,
        synced=row.synced,
        display_name=row.display_name,
        create_time=row.create_time,
        last_use_time=row.last_use_time,
    )
