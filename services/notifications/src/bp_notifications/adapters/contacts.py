"""Contacts and preferences in the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bp_notifications.adapters.tables import ContactRow, GrantRow, PreferencesRow
from bp_notifications.domain.contact import Contact
from bp_notifications.domain.preferences import Preferences

# SQLite takes no more values in one statement than a few ten thousand.
_AT_ONCE = 500


class SqlContacts:
    """What identity told of the people here."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, officer: str, *, for_change: bool = False) -> Contact | None:
        """Returns the contact, locked when it is to be changed."""
        row = await self._session.get(ContactRow, officer, with_for_update=for_change or None)
        if row is None:
            return None
        grants = await self._session.execute(select(GrantRow.role, GrantRow.unit).where(GrantRow.officer == officer))
        return _contact(row, frozenset((grant.role, grant.unit) for grant in grants))

    async def save(self, contact: Contact) -> None:
        """Keeps a contact; the position stays."""
        row = await self._session.get(ContactRow, contact.officer)
        if row is None:
            row = ContactRow(officer=contact.officer, position=0)
            self._session.add(row)
        row.email, row.language = contact.email, contact.language
        row.active, row.version = contact.active, contact.version
        await self._session.flush()
        await self._session.execute(delete(GrantRow).where(GrantRow.officer == contact.officer))
        held = [{"officer": contact.officer, "unit": unit, "role": role} for role, unit in contact.grants]
        if held:
            await self._session.execute(insert(GrantRow), held)

    async def holders(self, unit: str) -> list[Contact]:
        """Returns those who hold a role in a unit, with their roles there, by name."""
        found = await self._session.execute(
            select(ContactRow, GrantRow.role)
            .join(GrantRow, GrantRow.officer == ContactRow.officer)
            .where(GrantRow.unit == unit)
            .order_by(ContactRow.officer)
        )
        by_officer = groupby(found, key=lambda pair: pair[0].officer)
        held = [list(pairs) for _, pairs in by_officer]
        return [_contact(pairs[0][0], frozenset((role, unit) for _, role in pairs)) for pairs in held]

    async def next_position(self, officer: str) -> int:
        """Returns the position of the person's next notification; until this transaction ends nobody else gets one."""
        position = await self._session.scalar(
            update(ContactRow)
            .where(ContactRow.officer == officer)
            .values(position=ContactRow.position + 1)
            .returning(ContactRow.position),
            execution_options={"synchronize_session": False},
        )
        return position or 0

    async def positions(self, officers: Sequence[str]) -> dict[str, int]:
        """Returns the positions of people's newest notifications."""
        found: dict[str, int] = {}
        for part in _parts(officers):
            rows = await self._session.execute(
                select(ContactRow.officer, ContactRow.position).where(ContactRow.officer.in_(part))
            )
            found.update((row.officer, row.position) for row in rows)
        return found


class SqlPreferences:
    """What people decided."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, officer: str, *, for_change: bool = False) -> Preferences:
        """Returns the person's preferences, locked when they are to be changed; as they are for everybody before a decision."""
        row = await self._session.get(PreferencesRow, officer, with_for_update=for_change or None)
        return _preferences(row) if row else Preferences(officer)

    async def save(self, preferences: Preferences) -> None:
        """Keeps a person's preferences."""
        row = PreferencesRow(**asdict(preferences))
        if preferences.version == 1:
            # Nothing was there to lock: of two first decisions at once the database refuses one, which is then tried again.
            self._session.add(row)
        else:
            await self._session.merge(row)
        await self._session.flush()

    async def of(self, officers: Sequence[str]) -> dict[str, Preferences]:
        """Returns the preferences of several people."""
        found = {officer: Preferences(officer) for officer in officers}
        for part in _parts(officers):
            rows = await self._session.scalars(select(PreferencesRow).where(PreferencesRow.officer.in_(part)))
            found.update((row.officer, _preferences(row)) for row in rows)
        return found


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), _AT_ONCE):
        yield names[start : start + _AT_ONCE]


def _contact(row: ContactRow, grants: frozenset[tuple[str, str]]) -> Contact:
    return Contact(
        officer=row.officer,
        email=row.email,
        language=row.language,
        grants=grants,
        active=row.active,
        version=row.version,
    )


def _preferences(row: PreferencesRow) -> Preferences:
    return Preferences(
        officer=row.officer,
        email_enabled=row.email_enabled,
        language=row.language,
        version=row.version,
        update_time=row.update_time,
    )
