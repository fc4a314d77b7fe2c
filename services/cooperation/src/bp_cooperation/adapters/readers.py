"""What belongs to a request under another name."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_cooperation.adapters.tables import EntityRow

_ENTITIES = 500


async def entities_of(session: AsyncSession, request: str) -> list[str]:
    """Returns the names under which a request and its replies can be read besides their own: those of their entities."""
    beneath = or_(EntityRow.source == request, EntityRow.source.startswith(f"{request}/", autoescape=True))
    found = select(EntityRow.name).where(beneath).order_by(EntityRow.name).limit(_ENTITIES)
    return list(await session.scalars(found))
