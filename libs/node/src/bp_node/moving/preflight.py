"""What is looked at before a move, which changes nothing: both places, their software, space, and the way between them."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import text

from bluepacific.moving.v1 import move_service_pb2 as pb2
from bluepacific.moving.v1.place_pb2 import Place
from bp_kit.moving.place import Part, Standing, State
from bp_kit.moving.receiving import release, revision_in
from bp_node.failure import CommandError
from bp_node.moving.calling import asked, unary
from bp_node.moving.here import Here

_PATIENCE = 15.0
_ROUNDS = 3
_SMALL, _LARGE = 16 * 1024, 512 * 1024
_QUICK_SECONDS = 0.5
_MIB = 1024 * 1024
_WAITS = (State.STATE_WAITING, State.STATE_AWAY, State.STATE_RECEIVING)


@dataclass(frozen=True)
class Outlook:
    """What a move has before it.

    Attributes:
        state: What the other place is to the service.
        database_bytes: Of the service's database here.
        free_bytes: At the other place.
        round_trip_seconds: Of a call to it.
        bytes_per_second: Of the way to it, measured.
        seconds: How long carrying everything takes at that rate, about.
    """

    state: str
    database_bytes: int
    free_bytes: int
    round_trip_seconds: float
    bytes_per_second: int
    seconds: int

    def document(self) -> dict[str, Any]:
        """Returns it for a script."""
        return asdict(self)

    def line(self) -> str:
        """Returns it for a person."""
        return (
            f"{self.database_bytes / _MIB:.1f} MiB to carry at {self.bytes_per_second / 1024:.0f} KiB/s, "
            f"{self.round_trip_seconds * 1000:.0f} ms a round trip: about {self.seconds} s; "
            f"{self.free_bytes / _MIB:.0f} MiB are free there"
        )


def refuse_misplaced(here: Here, standing: Standing, to: str) -> None:
    """Refuses a move from where the service does not stand, or to where it stands.

    Raises:
        CommandError: As said.
    """
    if to == here.pod.place and standing.part is not Part.WAITS:
        raise CommandError(f"{here.service} stands at {to} already")
    if to == here.pod.place or standing.state in (State.STATE_WAITING, State.STATE_RECEIVING):
        raise CommandError(f"{here.service} does not stand here ({here.pod.place}): run this at {here.there_name}")


async def look_ahead(here: Here) -> Outlook:
    """Returns what a move has before it.

    Raises:
        CommandError: It could not succeed.
    """
    place: Place = await asked(unary(here.there.GetPlace, pb2.GetPlaceRequest()), patience=_PATIENCE)
    if place.state not in _WAITS:
        raise CommandError(
            f"{here.service} stands at {here.there_name} as well: one of both must be put aside by hand first"
        )
    async with here.ground.database.read() as session:
        revision = await revision_in(session)
        size = int(await session.scalar(text(_size_query(here))) or 0)
    ours, theirs = (release(), revision), (place.release, place.revision)
    if ours != theirs:
        raise CommandError(
            f"the software differs: release {ours[0]} with schema {ours[1]} here, {theirs[0]} with {theirs[1]} there; upgrade first"
        )
    if place.free_bytes < 2 * size:
        raise CommandError(
            f"no disk space there: {place.free_bytes // _MIB} MiB are free, {2 * size // _MIB} MiB are needed"
        )
    trip, rate = await _measured(here)
    return Outlook(State.Name(place.state), size, place.free_bytes, round(trip, 4), int(rate), 1 + int(size / rate))


def _size_query(here: Here) -> str:
    if here.ground.database.is_sqlite:
        return "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    return "SELECT pg_database_size(current_database())"


async def _measured(here: Here) -> tuple[float, float]:
    """Returns seconds a round trip, and bytes a second."""
    trip = min([await _timed(here, 0) for _ in range(_ROUNDS)])
    took = await _timed(here, _SMALL)
    size = _SMALL
    if took - trip < _QUICK_SECONDS:
        size, took = _LARGE, await _timed(here, _LARGE)
    return trip, size / max(took - trip, 0.001)


async def _timed(here: Here, size: int) -> float:
    request = pb2.MeasureWayRequest(padding=os.urandom(size))
    begun = time.perf_counter()
    await asked(unary(here.there.MeasureWay, request), patience=_PATIENCE)
    return time.perf_counter() - begun
