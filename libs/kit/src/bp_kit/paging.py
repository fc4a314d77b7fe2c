"""Pages by key, never by offset (AIP-158): the token is the sealed key of the last row, bound to the list that made it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, literal, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bp_kit.errors import Refused
from bp_kit.filters import compile_filter
from bp_kit.listing import Listing
from bp_kit.sealing import Sealer

DEFAULT_SIZE = 20
MAX_SIZE = 100


@dataclass(frozen=True)
class Page:
    """One page: its rows, and the token of the next one, empty at the end."""

    rows: Sequence[Any]
    next_token: str


async def fetch_page(
    session: AsyncSession,
    statement: Select[Any],
    *,
    keys: Sequence[InstrumentedAttribute[Any]],
    size: int,
    token: str,
    sealer: Sealer,
    scope: Sequence[object],
    descending: bool = False,
) -> Page:
    """Reads one page of a statement's rows.

    Args:
        session: Where to read.
        statement: Selects one mapped class, without order or limit.
        keys: Columns of that class that order the rows; together unique.
        size: The request's page_size; 0 is `DEFAULT_SIZE`, more than `MAX_SIZE` is `MAX_SIZE`.
        token: The request's page_token, empty for the first page.
        sealer: Seals the tokens.
        scope: What the list is of: method, parent, filter, caller. A token of another scope is refused.
        descending: Newest first.

    Raises:
        Refused: INVALID_FIELD for a negative size, INVALID_PAGE_TOKEN.
    """
    if size < 0:
        raise Refused("INVALID_FIELD", field="page_size", description="must not be negative")
    limit = min(size or DEFAULT_SIZE, MAX_SIZE)
    context = json.dumps([str(part) for part in scope]).encode()
    if token:
        last = tuple_(
            *(literal(value, key.type) for key, value in zip(keys, _open_token(token, context, sealer), strict=True))
        )
        row_key = tuple_(*keys)
        statement = statement.where(row_key < last if descending else row_key > last)
    ordered = [key.desc() if descending else key.asc() for key in keys]
    rows = (await session.scalars(statement.order_by(*ordered).limit(limit + 1))).all()
    if len(rows) <= limit:
        return Page(rows, "")
    values = [_to_json(getattr(rows[limit - 1], key.key)) for key in keys]
    return Page(rows[:limit], sealer.seal(json.dumps(values).encode(), context))


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
    """Returns the page of a statement's rows that a list call asks for.

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
        scope=(keys[0], listing.parent, listing.filter, listing.caller, *scope),
        descending=descending,
    )


def _open_token(token: str, context: bytes, sealer: Sealer) -> list[object]:
    try:
        return [_from_json(value) for value in json.loads(sealer.open(token, context))]
    except ValueError:
        raise Refused("INVALID_PAGE_TOKEN", field="page_token") from None


def _to_json(value: object) -> object:
    return {"time": value.isoformat()} if isinstance(value, datetime) else value


def _from_json(value: Any) -> object:
    return datetime.fromisoformat(value["time"]) if isinstance(value, dict) else value
