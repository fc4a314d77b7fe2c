"""Credentials and the keys that verify them, in the database."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer
from bp_training.adapters.tables import CredentialRow, IssuerKeyRow
from bp_training.domain.enrolment import Credential
from bp_training.domain.verification import TrustedKey


class SqlCredentials:
    """Credentials issued here."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, name: str) -> Credential | None:
        """Returns the credential."""
        row = await self._session.get(CredentialRow, name)
        return _credential(row) if row else None

    async def add(self, credential: Credential) -> None:
        """Keeps a new credential."""
        self._session.add(CredentialRow(**asdict(credential)))
        await self._session.flush()

    async def page(self, listing: Listing) -> Listed[Credential]:
        """Returns a page of the caller's credentials, oldest first.

        Raises:
            Refused: INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        page = await read_page(
            self._session,
            self._sealer,
            select(CredentialRow).where(CredentialRow.learner == listing.caller),
            listing=listing,
            keys=(CredentialRow.issue_time, CredentialRow.name),
        )
        return Listed([_credential(row) for row in page.rows], page.next_token)


class SqlTrustedKeys:
    """Public keys of countries that issue credentials."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def save(self, key: TrustedKey) -> None:
        """Keeps a key."""
        await self._session.merge(
            IssuerKeyRow(issuer=key.issuer, country=country_of(key.country), public_key=key.public_key)
        )
        await self._session.flush()

    async def all(self) -> dict[str, TrustedKey]:
        """Returns all keys by issuer."""
        return {row.issuer: _key(row) for row in await self._session.scalars(select(IssuerKeyRow))}

    async def page(self, listing: Listing) -> Listed[TrustedKey]:
        """Returns a page of the keys, by country.

        Raises:
            Refused: INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        page = await read_page(
            self._session,
            self._sealer,
            select(IssuerKeyRow),
            listing=listing,
            keys=(IssuerKeyRow.country, IssuerKeyRow.issuer),
        )
        return Listed([_key(row) for row in page.rows], page.next_token)


def _credential(row: CredentialRow) -> Credential:
    return Credential(
        name=row.name,
        enrolment=row.enrolment,
        learner=row.learner,
        course=row.course,
        title=row.title,
        jwt=row.jwt,
        issue_time=row.issue_time,
    )


def _key(row: IssuerKeyRow) -> TrustedKey:
    return TrustedKey(f"countries/{row.country}", row.issuer, row.public_key)
