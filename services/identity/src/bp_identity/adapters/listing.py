"""Pages of lists: what all repositories of identity share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_identity.usecases.work import Listing
from bp_kit.filters import compile_filter
from bp_kit.paging import Page, fetch_page
from bp_kit.sealing import Sealer


async def read_page(
    session: AsyncSession,
    sealer: Sealer,
    statement: Select[Any],
    *,
    listing: Listing,
    keys: Sequence[Any],
    columns: Mapping[str, Any],
) -> Page:
    """Reads a page of a statement's rows, filtered as the listing asks.

    Args:
        session: Where to read.
        sealer: Seals page tokens.
        statement: Selects one mapped class.
        listing: What is asked for.
        keys: Columns that order the rows; together unique.
        columns: What may be filtered.

    Raises:
        Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    condition = compile_filter(listing.filter, columns)
    if condition is not None:
        statement = statement.where(condition)
    return await fetch_page(
        session,
        statement,
        keys=keys,
        size=listing.size,
        token=listing.token,
        sealer=sealer,
        scope=(keys[0].class_.__tablename__, listing.parent, listing.filter, listing.caller),
    )
