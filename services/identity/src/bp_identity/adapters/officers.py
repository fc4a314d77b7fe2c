"""Officers in the database."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_identity.adapters.tables import OfficerRow
from bp_identity.domain.names import last_of
from bp_identity.domain.officer import Officer, Person
from bp_kit.errors import Refused
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer


class SqlOfficers:
    """Officers of all countries served here."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, name: str, *, for_change: bool = False) -> Officer | None:
        """Returns the officer, locked when to be changed."""
        row = await self._session.get(OfficerRow, name, with_for_update=for_change or None)
        return officer_of_row(row) if row else None

    async def find_by_username(self, username: str, country: str = "") -> Officer | None:
        """Returns the one officer whose name, id or e-mail address it is, of that country or of any; None for none, or for several."""
        # What people type may be anything; PostgreSQL refuses this character, and no user name has it.
        statement = select(OfficerRow).where(_is_username(username.replace("\0", "\ufffd"))).limit(2)
        if country:
            statement = statement.where(OfficerRow.country == country)
        rows = (await self._session.scalars(statement)).all()
        return officer_of_row(rows[0]) if len(rows) == 1 else None

    async def find_by_email(self, country: str, email: str) -> Officer | None:
        """Returns the country's officer with this address."""
        statement = select(OfficerRow).where(OfficerRow.country == country, OfficerRow.email == email)
        row = await self._session.scalar(statement)
        return officer_of_row(row) if row else None

    async def add(self, officer: Officer) -> None:
        """Keeps a new officer.

        Raises:
            Refused: ALREADY_EXISTS.
        """
        if await self._session.get(OfficerRow, officer.name):
            raise Refused("ALREADY_EXISTS", name=officer.name)
        self._session.add(_row(officer))
        await self._session.flush()

    async def save(self, officer: Officer) -> None:
        """Keeps a changed officer."""
        await self._session.merge(_row(officer))
        await self._session.flush()

    async def page(self, listing: Listing) -> Listed[Officer]:
        """Returns a page of one country's officers, by name.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        page = await read_page(
            self._session,
            self._sealer,
            select(OfficerRow).where(OfficerRow.country == country_of(listing.parent)),
            listing=listing,
            keys=(OfficerRow.name,),
            columns={
                "state": OfficerRow.state,
                "family_name": OfficerRow.family_name,
                "email": OfficerRow.email,
                "language": OfficerRow.language,
            },
        )
        return Listed([officer_of_row(row) for row in page.rows], page.next_token)


def _is_username(username: str) -> ColumnElement[bool]:
    if username.startswith("countries/"):
        return OfficerRow.name == username
    if "@" in username:
        return OfficerRow.email == username
    return OfficerRow.officer_id == username


def officer_of_row(row: OfficerRow) -> Officer:
    """Returns the officer that a row keeps."""
    return Officer(
        name=row.name,
        person=Person(
            given_name=row.given_name,
            family_name=row.family_name,
            email=row.email,
            gender=row.gender,
            language=row.language,
            clearance=row.clearance,
        ),
        state=row.state,
        version=row.version,
        create_time=row.create_time,
        update_time=row.update_time,
        totp_enrolled=row.totp_enrolled,
        deactivator=row.deactivator,
    )


def _row(officer: Officer) -> OfficerRow:
    return OfficerRow(
        name=officer.name,
        country=country_of(officer.name),
        officer_id=last_of(officer.name),
        given_name=officer.person.given_name,
        family_name=officer.person.family_name,
        email=officer.person.email,
        gender=officer.person.gender,
        language=officer.person.language,
        clearance=officer.person.clearance,
        state=officer.state,
        version=officer.version,
        create_time=officer.create_time,
        update_time=officer.update_time,
        totp_enrolled=officer.totp_enrolled,
        deactivator=officer.deactivator,
    )
