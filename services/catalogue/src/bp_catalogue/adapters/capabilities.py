"""Capabilities in the database."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bp_catalogue.adapters.tables import CapabilityRow
from bp_catalogue.domain.capability import Capability, Facts
from bp_kit.errors import Refused
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer

_EVERY_COUNTRY = "-"


class SqlCapabilities:
    """The catalogue: the centre's own, or the replica."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, name: str, *, for_change: bool = False) -> Capability | None:
        """Returns the capability, locked when it, or what depends on it, is to be changed."""
        row = await self._session.get(CapabilityRow, name, with_for_update=for_change or None)
        return _capability(row) if row else None

    async def add(self, capability: Capability) -> None:
        """Keeps a new capability.

        Raises:
            Refused: ALREADY_EXISTS.
        """
        self._session.add(_row(capability))
        try:
            await self._session.flush()
        except IntegrityError:
            raise Refused("ALREADY_EXISTS", name=capability.name) from None

    async def save(self, capability: Capability) -> None:
        """Keeps a new revision, or a replica."""
        await self._session.merge(_row(capability))
        await self._session.flush()

    async def page(self, listing: Listing) -> Listed[Capability]:
        """Returns a page of capabilities, by name.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        statement = select(CapabilityRow)
        country = country_of(listing.parent)
        if country != _EVERY_COUNTRY:
            statement = statement.where(CapabilityRow.country == country)
        page = await read_page(
            self._session,
            self._sealer,
            statement,
            listing=listing,
            keys=(CapabilityRow.name,),
            columns={
                "kind": CapabilityRow.kind,
                "goals": CapabilityRow.goals,
                "sdg_targets": CapabilityRow.sdg_targets,
                "update_time": CapabilityRow.update_time,
            },
        )
        return Listed([_capability(row) for row in page.rows], page.next_token)

    async def all(self) -> list[Capability]:
        """Returns all capabilities, by name."""
        return [
            _capability(row) for row in await self._session.scalars(select(CapabilityRow).order_by(CapabilityRow.name))
        ]


def _capability(row: CapabilityRow) -> Capability:
    return Capability(
        name=row.name,
        facts=Facts(
            title=row.title, description=row.description, kind=row.kind, goals=row.goals, sdg_targets=row.sdg_targets
        ),
        revision=row.revision,
        create_time=row.create_time,
        update_time=row.update_time,
    )


def _row(capability: Capability) -> CapabilityRow:
    facts = capability.facts
    return CapabilityRow(
        name=capability.name,
        country=country_of(capability.name),
        title=dict(facts.title),
        description=dict(facts.description),
        kind=facts.kind,
        goals=facts.goals,
        sdg_targets=facts.sdg_targets,
        revision=capability.revision,
        create_time=capability.create_time,
        update_time=capability.update_time,
    )
