"""Pages of rows by what a list call asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bp_catalogue.usecases.work import Listing
from bp_kit.filters import compile_filter
from bp_kit.paging import Page, fetch_page
from bp_kit.sealing import Sealer


async def read_page(
    session: AsyncSession,
    sealer: Sealer,
    statement: Select[Any],
    *,
    listing: Listing,
    keys: Sequence[InstrumentedAttribute[Any]],
    columns: Mapping[str, Any] | None = None,
    descending: bool = False,
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
        scope=(keys[0], listing.parent, listing.filter, listing.caller),
        descending=descending,
    )
