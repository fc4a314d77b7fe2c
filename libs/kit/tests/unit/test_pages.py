"""Pages of which some rows may not be known: nobody can tell that they are there."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import StaticPool

from bp_kit.paging import fetch_page
from bp_kit.sealing import Sealer


class Base(DeclarativeBase):
    pass


class Thing(Base):
    __tablename__ = "thing"
    number: Mapped[int] = mapped_column(primary_key=True)
    hidden: Mapped[bool]


async def pages(hidden, *, size, descending):
    """Returns the numbers on each page of as many things, of which some are hidden."""
    engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    read, token = [], ""
    async with AsyncSession(engine) as session:
        session.add_all(Thing(number=number, hidden=one) for number, one in enumerate(hidden))
        await session.flush()
        while not read or token:
            page = await _page(session, size, token, descending=descending)
            read.append([row.number for row in page.rows])
            token = page.next_token
    await engine.dispose()
    return read


async def _page(session, size, token, *, descending):
    from sqlalchemy import select

    async def keep(rows):
        return [row for row in rows if not row.hidden]

    return await fetch_page(
        session,
        select(Thing),
        keys=(Thing.number,),
        size=size,
        token=token,
        sealer=Sealer(b"k" * 32),
        scope=("things",),
        descending=descending,
        keep=keep,
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), max_size=40), st.integers(1, 7), st.booleans())
def test_pages_are_full_whatever_is_passed_over(hidden, size, descending):
    seen = [number for number, one in enumerate(hidden) if not one]
    expected = seen[::-1] if descending else seen
    read = asyncio.run(pages(hidden, size=size, descending=descending))
    assert [number for page in read for number in page] == expected
    assert all(len(page) == size for page in read[:-1])
    assert read[-1] or not expected
