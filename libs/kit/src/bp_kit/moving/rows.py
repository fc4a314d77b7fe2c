"""Rows as they are carried: the same bytes of the same row on SQLite and PostgreSQL, in the same order, so that digests can be compared.

A row is a JSON list in the order of its table's columns. JSON columns are carried as text, so that the order of their keys is kept, and
the difference between no value and JSON's null. Keys are compared as bytes, whatever PostgreSQL's collation.
"""

from __future__ import annotations

import hashlib
import json
import struct
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Insert,
    String,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    cast,
    collate,
    delete,
    insert,
    literal,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bp_kit.tables import UtcTime

# What one comparison is about: few enough to send again, enough that comparing costs little.
_ROWS = 500
_BYTES = 1 << 20
_AT_ONCE = 50
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True)
class Range:
    """Rows that follow each other.

    Attributes:
        after: The key before the first, as a JSON list; empty for the table's beginning.
        up_to: The key of the last; empty for the table's end.
        count: How many.
        digest: SHA-256 of them.
    """

    after: bytes
    up_to: bytes
    count: int
    digest: bytes


class CarriedTable:
    """Reads and writes rows of one table.

    Args:
        table: Of the service's metadata.
        dialect: `sqlite` or `postgresql`.
    """

    def __init__(self, table: Table, dialect: str) -> None:
        self.table = table
        self._postgres = dialect == "postgresql"
        self._key = [column.name for column in table.primary_key]
        self._types = {column.name: _plain(column.type) for column in table.columns}
        self._key_places = [list(self._types).index(name) for name in self._key]
        self._order = [self._ordered(name) for name in self._key]
        self._select = select(*(self._read(name) for name in self._types)).order_by(*self._order)
        self._insert = self._written()

    async def rows(self, session: AsyncSession, after: bytes = b"", up_to: bytes = b"") -> AsyncIterator[bytes]:
        """Yields encoded rows in order of their keys."""
        found = await session.stream(self._select.where(*self._within(after, up_to)))
        async for some in found.partitions(_AT_ONCE):
            for row in some:
                yield _encoded(row)

    async def ranges(self, session: AsyncSession, see: Callable[[bytes], None]) -> AsyncIterator[Range]:
        """Yields the table in ranges, of which the last reaches to its end.

        Args:
            session: Of one transaction.
            see: Is shown each encoded row.
        """
        hasher, count, size, after, key = hashlib.sha256(), 0, 0, b"", b""
        async for row in self.rows(session):
            if count >= _ROWS or size >= _BYTES:
                yield Range(after, key, count, hasher.digest())
                hasher, count, size, after = hashlib.sha256(), 0, 0, key
            see(row)
            hasher.update(_framed(row))
            count, size, key = count + 1, size + len(row), self._key_of(row)
        yield Range(after, b"", count, hasher.digest())

    async def digest(self, session: AsyncSession, after: bytes = b"", up_to: bytes = b"") -> tuple[int, bytes]:
        """Returns how many rows there are, and SHA-256 of them."""
        hasher, count = hashlib.sha256(), 0
        async for row in self.rows(session, after, up_to):
            hasher.update(_framed(row))
            count += 1
        return count, hasher.digest()

    async def forget(self, session: AsyncSession, after: bytes, up_to: bytes) -> None:
        """Deletes rows."""
        await session.execute(delete(self.table).where(*self._within(after, up_to)))

    async def put(self, session: AsyncSession, rows: Sequence[bytes]) -> None:
        """Inserts encoded rows.

        Raises:
            ValueError: A row is not of this table.
        """
        if rows:
            await session.execute(self._insert, [self._decoded(row) for row in rows])

    def _key_of(self, row: bytes) -> bytes:
        values = json.loads(row)
        return json.dumps([values[place] for place in self._key_places], separators=(",", ":")).encode()

    def _within(self, after: bytes, up_to: bytes) -> Iterator[ColumnElement[bool]]:
        if after:
            yield self._tuple() > self._bound(after)
        if up_to:
            yield self._tuple() <= self._bound(up_to)

    def _tuple(self) -> Any:
        return self._order[0] if len(self._order) == 1 else tuple_(*self._order)

    def _bound(self, key: bytes) -> Any:
        values = json.loads(key)
        if not isinstance(values, list) or len(values) != len(self._key):
            raise ValueError(f"a key of {self.table.name} has {len(self._key)} values")
        made = [literal(_value_of(value), self._types[name]) for name, value in zip(self._key, values, strict=True)]
        return made[0] if len(made) == 1 else tuple_(*made)

    def _ordered(self, name: str) -> Any:
        column = type_coerce(self.table.c[name], self._types[name])
        return collate(column, "C") if self._postgres and isinstance(self._types[name], String) else column

    def _read(self, name: str) -> Any:
        column = self.table.c[name]
        kind = self._types[name]
        return (cast(column, Text) if isinstance(kind, JSON) else type_coerce(column, kind)).label(name)

    def _written(self) -> Insert:
        values: dict[str, Any] = {}
        for name, kind in self._types.items():
            if not isinstance(kind, JSON):
                values[name] = bindparam(f"v_{name}", type_=kind)
            elif self._postgres:
                values[name] = cast(bindparam(f"v_{name}", type_=Text()), JSON)
            else:
                values[name] = bindparam(f"v_{name}", type_=Text())
        return insert(self.table).values(values)

    def _decoded(self, row: bytes) -> dict[str, Any]:
        values = json.loads(row)
        if not isinstance(values, list) or len(values) != len(self._types):
            raise ValueError(f"a row of {self.table.name} has {len(self._types)} values")
        return {f"v_{name}": _value_of(value) for name, value in zip(self._types, values, strict=True)}


def framed(rows: Iterable[bytes]) -> bytes:
    """Returns rows one after the other, each with its length before it."""
    return b"".join(_framed(row) for row in rows)


def unframed(content: bytes) -> list[bytes]:
    """Returns the rows again.

    Raises:
        ValueError: Something is cut off.
    """
    found, place = [], 0
    while place < len(content):
        if place + _LENGTH.size > len(content):
            raise ValueError("rows are cut off")
        (length,) = _LENGTH.unpack_from(content, place)
        place += _LENGTH.size
        if place + length > len(content):
            raise ValueError("a row is cut off")
        found.append(content[place : place + length])
        place += length
    return found


def digest_of(rows: Iterable[bytes]) -> bytes:
    """Returns SHA-256 of rows."""
    return hashlib.sha256(framed(rows)).digest()


def _framed(row: bytes) -> bytes:
    return _LENGTH.pack(len(row)) + row


def _plain(kind: Any) -> Any:
    """A type as the database has it; only moments are told apart, since SQLite keeps them without a zone."""
    return kind.impl_instance if isinstance(kind, TypeDecorator) and not isinstance(kind, UtcTime) else kind


def _encoded(row: Sequence[Any]) -> bytes:
    return json.dumps([_told(value) for value in row], separators=(",", ":")).encode()


def _told(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {"b": b64encode(bytes(value)).decode()}
    if isinstance(value, datetime):
        return {"t": value.isoformat(timespec="microseconds")}
    return value


def _value_of(told: Any) -> Any:
    if isinstance(told, dict):
        return b64decode(told["b"], validate=True) if "b" in told else datetime.fromisoformat(told["t"])
    return told
