"""Whom the country's own provider means, in the database."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from bp_identity.adapters.tables import UpstreamLinkRow


class SqlUpstreamLinks:
    """Links of officers with subjects of the country's own provider."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def officer_of(self, issuer: str, subject: str) -> str:
        """Returns the officer's name; empty where there is none."""
        row = await self._session.get(UpstreamLinkRow, (issuer, subject))
        return row.officer if row else ""

    async def save(self, issuer: str, subject: str, officer: str) -> None:
        """Links an officer with one subject, or with none where that is empty."""
        await self._session.execute(delete(UpstreamLinkRow).where(UpstreamLinkRow.officer == officer))
        if subject:
            self._session.add(UpstreamLinkRow(issuer=issuer, subject=subject, officer=officer))
        await self._session.flush()
