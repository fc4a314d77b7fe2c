"""What a database checks across tables and counts by itself, while its rows come in no order that would please it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Column, MetaData, String, Table, Text, delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.schema import CreateTable

# PostgreSQL's foreign keys, taken off while rows come in; SQLite is simply not asked to look.
_taken_off = Table(
    "placement_constraint",
    MetaData(),
    Column("table_name", String(63), primary_key=True),
    Column("name", String(63), primary_key=True),
    Column("definition", Text, nullable=False),
)
_FOREIGN = text(
    "SELECT conrelid::regclass::text AS table_name, conname AS name, pg_get_constraintdef(oid) AS definition "
    "FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
)


def _is_sqlite(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "sqlite"


async def take_off(session: AsyncSession) -> None:
    """Has the database take rows in any order; repeating it changes nothing."""
    if _is_sqlite(session):
        return
    await session.execute(CreateTable(_taken_off, if_not_exists=True))
    for one in (await session.execute(_FOREIGN)).all():
        await session.execute(insert(_taken_off).values(**one._asdict()))
        await session.execute(text(f'ALTER TABLE {one.table_name} DROP CONSTRAINT "{one.name}"'))


async def put_back(session: AsyncSession) -> str:
    """Has the database look again, at what is there as well.

    Returns:
        What it finds wrong; empty for nothing.
    """
    if _is_sqlite(session):
        wrong = (await session.execute(text("PRAGMA foreign_key_check"))).first()
        return f"a row of {wrong[0]} lacks the row that it needs" if wrong else ""
    if not (await session.scalar(select(func.to_regclass(_taken_off.name)))):
        return ""
    connection = await session.connection()
    for one in (await session.execute(select(_taken_off))).all():
        await connection.exec_driver_sql(f'ALTER TABLE {one.table_name} ADD CONSTRAINT "{one.name}" {one.definition}')
    await session.execute(delete(_taken_off))
    return ""


async def counters(session: AsyncSession, tables: Iterable[Table]) -> dict[str, int]:
    """Returns how far each table has numbered its rows, where the database keeps that apart from the rows."""
    if _is_sqlite(session):
        kept = await session.scalar(text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"))
        found = (await session.execute(text("SELECT name, seq FROM sqlite_sequence"))).all() if kept else ()
        names = {table.name for table in tables}
        return {name: int(value) for name, value in found if name in names}
    values = {}
    for table, sequence in (await _sequences(session, tables)).items():
        called, value = (await session.execute(text(f"SELECT is_called, last_value FROM {sequence}"))).one()  # noqa: S608 - the database's own name of it
        if called:
            values[table.name] = int(value)
    return values


async def set_counters(session: AsyncSession, tables: Iterable[Table], values: Mapping[str, int]) -> None:
    """Has each table number its rows after the given value and after the rows that it has."""
    if _is_sqlite(session):
        for table in tables:
            if values.get(table.name) and await _numbers_apart(session, table):
                await _number_after(session, table.name, values[table.name])
        return
    for table, sequence in (await _sequences(session, tables)).items():
        (column,) = table.primary_key
        last = max(await session.scalar(select(func.max(column))) or 0, values.get(table.name, 0))
        if last:
            await session.execute(text(f"SELECT setval('{sequence}', {last})"))


async def _sequences(session: AsyncSession, tables: Iterable[Table]) -> dict[Table, str]:
    found = {}
    for table in tables:
        if len(table.primary_key) == 1:
            (column,) = table.primary_key
            sequence = await session.scalar(select(func.pg_get_serial_sequence(f'"{table.name}"', column.name)))
            if sequence:
                found[table] = str(sequence)
    return found


async def _numbers_apart(session: AsyncSession, table: Table) -> bool:
    made = await session.scalar(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": table.name})
    return "AUTOINCREMENT" in str(made).upper()


async def _number_after(session: AsyncSession, name: str, value: int) -> None:
    given = {"name": name, "value": value}
    changed = await session.scalar(
        text("UPDATE sqlite_sequence SET seq = max(seq, :value) WHERE name = :name RETURNING seq"), given
    )
    if changed is None:
        await session.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :value)"), given)
