"""Pages of rows by what a list call asks for, and through whose eyes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, exists
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bp_cooperation.adapters.tables import AudienceRow
from bp_cooperation.domain.names import country_of
from bp_cooperation.usecases.work import Listing
from bp_kit.filters import compile_filter
from bp_kit.paging import Page, fetch_page
from bp_kit.sealing import Sealer

_ALL = "-"


def seen_through(record: InstrumentedAttribute[str], listing: Listing) -> ColumnElement[bool]:
    """Returns the condition that the caller's units may know of a row's record."""
    return exists().where(AudienceRow.record == record, AudienceRow.unit.in_(sorted(listing.caller.units)))


def in_country(statement: Select[Any], column: InstrumentedAttribute[str], listing: Listing) -> Select[Any]:
    """Returns the statement narrowed to the country of the listing's parent; `countries/-` is all."""
    country = country_of(listing.parent)
    return statement if country == _ALL else statement.where(column == country)


async def read_page(
    session: AsyncSession,
    sealer: Sealer,
    statement: Select[Any],
    *,
    listing: Listing,
    keys: Sequence[InstrumentedAttribute[Any]],
    columns: Mapping[str, Any] | None = None,
    descending: bool = False,
    scope: Sequence[object] = (),
) -> Page:
    """Returns one page of a statement's rows.

    Args:
        session: Where to read.
        sealer: Seals page tokens.
        statement: Selects one mapped class.
        listing: What was asked for.
        keys: Columns that order the rows; together unique.
        columns: What may be filtered.
        descending: Newest first.
        scope: What else was asked for; a page token of another list is refused.

    Raises:
        Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    condition = compile_filter(listing.filter, columns or {})
    if condition is not None:
        statement = statement.where(condition)
    return await fetch_page(
        session,
        statement,
        keys=keys,
        size=listing.size,
        token=listing.token,
        sealer=sealer,
        scope=(keys[0], listing.parent, listing.filter, listing.caller.name, *scope),
        descending=descending,
    )
