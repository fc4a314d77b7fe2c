"""Pages by key, never by offset (AIP-158): the token is the sealed key of the last row, bound to the list that made it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
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
from bp_kit.subjects.restrictions import readable

DEFAULT_SIZE = 20
MAX_SIZE = 100
_NAME = "name"
# Of some rows, those that the caller may know of.
Keep = Callable[[Sequence[Any]], Awaitable[Sequence[Any]]]


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
    keep: Keep | None = None,
) -> Page:
    """Reads one page of a statement's rows. What is blocked is left out, where the rows are records: where the last key is their name.

    Args:
        session: Where to read.
        statement: Selects one mapped class, without order or limit.
        keys: Columns of that class that order the rows; together unique.
        size: The request's page_size; 0 is `DEFAULT_SIZE`, more than `MAX_SIZE` is `MAX_SIZE`.
        token: The request's page_token, empty for the first page.
        sealer: Seals the tokens.
        scope: What the list is of: method, parent, filter, caller. A token of another scope is refused.
        descending: Newest first.
        keep: Chooses among rows what SQL cannot: a page is full all the same, so nobody can tell that others were passed over.

    Raises:
        Refused: INVALID_FIELD for a negative size, INVALID_PAGE_TOKEN.
    """
    if size < 0:
        raise Refused("INVALID_FIELD", field="page_size", description="must not be negative")
    limit = min(size or DEFAULT_SIZE, MAX_SIZE)
    context = json.dumps([str(part) for part in scope]).encode()
    shown = readable(keys[-1]) if keys[-1].key == _NAME else None
    if shown is not None:
        statement = statement.where(shown)
    ordered = statement.order_by(*(key.desc() if descending else key.asc() for key in keys)).limit(limit + 1)
    last: Sequence[object] = _open_token(token, context, sealer) if token else ()
    rows: list[Any] = []
    while len(rows) <= limit:
        read = (await session.scalars(_after(ordered, keys, last, descending=descending))).all()
        rows += await keep(read) if keep else read
        if len(read) <= limit:
            break
        last = _values(read[-1], keys)
    if len(rows) <= limit:
        return Page(rows, "")
    values = [_to_json(value) for value in _values(rows[limit - 1], keys)]
    return Page(rows[:limit], sealer.seal(json.dumps(values).encode(), context))


def _after(
    statement: Select[Any], keys: Sequence[InstrumentedAttribute[Any]], last: Sequence[object], *, descending: bool
) -> Select[Any]:
    if not last:
        return statement
    found = tuple_(*(literal(value, key.type) for key, value in zip(keys, last, strict=True)))
    row_key = tuple_(*keys)
    return statement.where(row_key < found if descending else row_key > found)


def _values(row: Any, keys: Sequence[InstrumentedAttribute[Any]]) -> list[object]:
    return [getattr(row, key.key) for key in keys]


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
    keep: Keep | None = None,
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
        keep: Chooses among rows what SQL cannot.

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
        keep=keep,
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
