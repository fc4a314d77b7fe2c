"""From here to there: who may change what, when. The package says the order; each step holds when the process is killed after it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from bluepacific.moving.v1 import move_service_pb2 as pb2
from bp_kit.moving.constraints import counters
from bp_kit.moving.freezing import freeze, thaw
from bp_kit.moving.place import State, enter
from bp_kit.moving.receiving import release, revision_in
from bp_kit.ports import new_id, system_clock
from bp_node.failure import CommandError
from bp_node.moving.calling import asked, unary
from bp_node.moving.carrying import Carried, Errand, carry, verify
from bp_node.moving.here import Here

_LEASE = timedelta(seconds=30)
_RENEW_SECONDS = 5.0
# Processes look once a second; whoever is in the middle of something gets a little more.
_HEARD_SECONDS = 3.0
_HERE = (State.STATE_ACTIVE, State.STATE_MOVING, State.STATE_CLOSING, State.STATE_FROZEN)
_PATIENCE, _SHORT_PATIENCE = 60.0, 15.0


async def move(here: Here) -> tuple[dict[str, int], Carried]:
    """Moves the service, or goes on with a move.

    Returns:
        Rows by table, and what was sent in all.

    Raises:
        CommandError: Not now; the service stands here as before, unless the text says otherwise.
    """
    move_id = await _begun(here)
    here.say(f"carrying {here.service} to {here.there_name}, while it goes on", event="carrying", move=move_id)
    first = await carry(Errand(here, move_id, _PATIENCE))
    here.say(_sent(first), event="carried", rows=first.rows_sent, files=first.files_sent)
    async with _closed(here, move_id):
        errand = Errand(here, move_id, _SHORT_PATIENCE)
        last = await carry(errand)
        tables = await verify(errand)
        here.say(
            f"{_sent(last)} while nothing changed; {sum(tables.values())} rows in {len(tables)} tables are the same there",
            event="verified",
            tables=tables,
        )
        await _let_go(here, move_id)
    await finish(here, move_id)
    return tables, Carried(last.rows, first.rows_sent + last.rows_sent, last.files, first.files_sent + last.files_sent)


def _sent(done: Carried) -> str:
    return f"{done.rows_sent} of {done.rows} rows and {done.files_sent} of {done.files} files sent"


async def _begun(here: Here) -> str:
    """Says at both places that a move is under way; one that was broken off is gone on with."""
    standing = await here.standing()
    move_id = standing.move_id if standing.state == State.STATE_MOVING else new_id()
    async with here.ground.database.write() as session:
        # Left by a mover that was killed: we are alone.
        await thaw(session, here.ground.metadata.sorted_tables)
        if not await enter(session, State.STATE_MOVING, move_id, after=_HERE):
            raise CommandError(f"{here.service} does not stand here")
        revision = await revision_in(session)
    request = pb2.BeginMoveRequest(move_id=move_id, release=release(), revision=revision)
    await asked(unary(here.there.BeginMove, request), patience=_PATIENCE)
    return move_id


@asynccontextmanager
async def _closed(here: Here, move_id: str) -> AsyncIterator[None]:
    """Keeps everybody from changing anything within the block; if it fails, the service goes on here."""
    tables = here.ground.metadata.sorted_tables
    here.say("workers end, then changes are refused for a moment", event="closing")
    keeping: asyncio.Task[None] | None = None
    try:
        await _enter(here, move_id, State.STATE_CLOSING, State.STATE_MOVING)
        await asyncio.sleep(_HEARD_SECONDS)
        await _enter(here, move_id, State.STATE_FROZEN, State.STATE_CLOSING)
        keeping = asyncio.create_task(_keep_lease(here, move_id))
        yield
    except BaseException:
        async with here.ground.database.write() as session:
            closed = (State.STATE_CLOSING, State.STATE_FROZEN)
            if await enter(session, State.STATE_MOVING, move_id, after=closed, by_same=True):
                await thaw(session, tables)
        raise
    finally:
        if keeping:
            keeping.cancel()


async def _keep_lease(here: Here, move_id: str) -> None:
    while True:
        await asyncio.sleep(_RENEW_SECONDS)
        await _enter(here, move_id, State.STATE_FROZEN, State.STATE_FROZEN)


async def _enter(here: Here, move_id: str, state: State.ValueType, after: State.ValueType) -> None:
    lease = system_clock() + _LEASE
    async with here.ground.database.write() as session:
        if state == State.STATE_FROZEN and after != state:
            await freeze(session, here.ground.metadata.sorted_tables)
        if not await enter(session, state, move_id, after=(after,), by_same=True, lease_time=lease):
            raise CommandError(f"{here.service} was opened again meanwhile, and stands here: run this again")


async def _let_go(here: Here, move_id: str) -> None:
    """For good: from now on only the other place, or a person who goes back, can say that the service stands anywhere."""
    await _enter(here, move_id, State.STATE_AWAY, State.STATE_FROZEN)
    here.say(f"{here.service} has left", event="left")


async def finish(here: Here, move_id: str) -> None:
    """Has the other place take over; again and again, if need be.

    Raises:
        CommandError: It cannot be reached: the service stands nowhere until this is done again, or taken back.
    """
    # Until no process here answers with what will soon be old.
    await asyncio.sleep(_HEARD_SECONDS)
    async with here.ground.database.read() as session:
        numbered = await counters(session, here.ground.metadata.sorted_tables)
    told = [pb2.Counter(table=table, value=value) for table, value in numbered.items()]
    request = pb2.TakeOverRequest(move_id=move_id, counters=told)
    try:
        await asked(unary(here.there.TakeOver, request), patience=_PATIENCE)
    except CommandError as error:
        raise CommandError(
            f"{here.service} has left and has not arrived ({error.text}). Nothing is lost, and callers are told to wait: "
            "run this again to go on, or with --back to have it here again"
        ) from error
    here.say(f"{here.service} stands at {here.there_name}", event="moved", move=move_id)


async def go_back(here: Here) -> None:
    """Gives a move up that has not arrived; the service stands here as if nothing had been.

    Raises:
        CommandError: There is none, or it has arrived, or nobody can tell whether it has.
    """
    standing = await here.standing()
    if standing.state not in (*_HERE, State.STATE_AWAY) or standing.state == State.STATE_ACTIVE:
        raise CommandError(f"no move of {here.service} from here is under way")
    request = pb2.AbandonMoveRequest(move_id=standing.move_id)
    try:
        await asked(unary(here.there.AbandonMove, request), patience=_SHORT_PATIENCE)
    except CommandError as error:
        if standing.state == State.STATE_AWAY:
            # Else both places could come to say that the service stands there.
            raise CommandError(
                f"{here.service} cannot be had back from here ({error.text}); if it stands at {here.there_name}, move it from there"
            ) from error
    async with here.ground.database.write() as session:
        await thaw(session, here.ground.metadata.sorted_tables)
        await enter(session, State.STATE_ACTIVE, "", after=(standing.state,))
    here.say(f"{here.service} stands here, as before", event="back")
