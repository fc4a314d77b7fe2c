"""Entities in the database, found by their folded words with plain SQL that both databases have."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, exists, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_access.question import Information
from bp_cooperation.adapters.listing import in_country, seen_through
from bp_cooperation.adapters.records import handling_columns, handling_of
from bp_cooperation.adapters.tables import AudienceRow, EntityRow, ReplyRow
from bp_cooperation.domain.entity import Entity
from bp_cooperation.usecases.access import FIND, Access, information
from bp_cooperation.usecases.asking import Listing
from bp_kit.listing import Listed
from bp_kit.names import country_of
from bp_kit.paging import Keep, read_page
from bp_kit.ports import Clock
from bp_kit.sealing import Sealer


class SqlEntities:
    """Entities of what was sent."""

    def __init__(self, session: AsyncSession, sealer: Sealer, access: Access, clock: Clock) -> None:
        self._session = session
        self._sealer = sealer
        self._access = access
        self._clock = clock

    async def find(self, name: str, units: Collection[str]) -> tuple[Entity | None, Information | None]:
        """Returns the entity, and what a decision needs to know of it; None where none of the units may know of its source."""
        row = await self._session.get(EntityRow, name)
        source = row.source if row else ""
        audience = (await self._audiences({source}))[source]
        if row is None:
            return None, None
        return _entity(row), _information(row, audience) if {*units} & {*audience} else None

    async def replace(self, source: str, entities: Iterable[Entity], now: datetime) -> None:
        """Puts a source's entities in place of those it had."""
        await self._session.execute(delete(EntityRow).where(EntityRow.source == source))
        rows = [{**_columns(entity), "list_time": now} for entity in entities]
        if rows:
            await self._session.execute(insert(EntityRow), rows)

    async def search(self, listing: Listing, *, words: Collection[str], stix_type: str) -> Listed[Entity]:
        """Returns a page of what the caller's units may see that has all the words and the type (empty: any), newest first.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        statement = select(EntityRow).where(
            seen_through(EntityRow.source, listing.seer),
            EntityRow.exercise.is_(listing.exercise),
            EntityRow.tlp.in_(self._access.labels(listing.seer)),
            or_(EntityRow.retention_time.is_(None), EntityRow.retention_time > self._clock()),
        )
        for word in words:
            statement = statement.where(EntityRow.words.contains(word, autoescape=True))
        if stix_type:
            statement = statement.where(EntityRow.type == stix_type)
        page = await read_page(
            self._session,
            self._sealer,
            in_country(statement, EntityRow.country, listing),
            listing=listing,
            keys=(EntityRow.list_time, EntityRow.name),
            columns={
                "type": EntityRow.type,
                "unit": EntityRow.unit,
                "source": EntityRow.source,
                "stix_id": EntityRow.stix_id,
                "tlp": EntityRow.tlp,
                "operation": EntityRow.operation,
                "send_time": EntityRow.send_time,
            },
            descending=True,
            scope=(*words, stix_type, listing.exercise),
            keep=self._findable(listing),
        )
        return Listed([_entity(row) for row in page.rows], page.next_token)

    def _findable(self, listing: Listing) -> Keep:
        """Returns what chooses, among rows for the caller's units, those whose source's handling lets the caller know of them."""

        async def chosen(rows: Sequence[EntityRow]) -> Sequence[EntityRow]:
            audiences = await self._audiences({row.source for row in rows})
            return [
                row
                for row in rows
                if self._access.decide_on(listing.seer, FIND, _information(row, audiences[row.source])).allowed
            ]

        return chosen

    async def _audiences(self, sources: Collection[str]) -> dict[str, list[str]]:
        audiences: dict[str, list[str]] = {source: [] for source in sources}
        statement = select(AudienceRow.record, AudienceRow.unit).where(AudienceRow.record.in_(sources))
        for record, unit in await self._session.execute(statement):
            audiences[record].append(unit)
        return audiences

    async def ids_known_to(self, unit: str, request: str, operation: str) -> set[str]:
        """Returns the STIX ids in a request and those of its replies that a unit may see, within one operation or none."""
        replies = select(ReplyRow.name).where(ReplyRow.request == request)
        statement = select(EntityRow.stix_id).where(
            or_(EntityRow.source == request, EntityRow.source.in_(replies)),
            exists().where(
                AudienceRow.record == EntityRow.source,
                AudienceRow.unit == unit,
                AudienceRow.operation.in_(("", operation)),
            ),
        )
        return set(await self._session.scalars(statement))


def _information(row: EntityRow, audience: Iterable[str]) -> Information:
    return information(handling_of(row), row.unit, audience)


def _columns(entity: Entity) -> dict[str, object]:
    columns = asdict(entity)
    columns.pop("handling")
    return {**columns, "country": country_of(entity.name), **handling_columns(entity.handling)}


def _entity(row: EntityRow) -> Entity:
    return Entity(
        name=row.name,
        source=row.source,
        unit=row.unit,
        type=row.type,
        stix_id=row.stix_id,
        display_name=row.display_name,
        words=row.words,
        stix=row.stix,
        handling=handling_of(row),
        send_time=row.send_time,
    )
