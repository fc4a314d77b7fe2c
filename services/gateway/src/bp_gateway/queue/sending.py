"""Making the calls that waited, each caller's in order, as soon as their service answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum
from typing import Any

import grpc

from bluepacific.queue.v1 import queued_call_pb2 as pb
from bp_gateway.calls import CUT_OFF
from bp_gateway.problems import reason_told
from bp_gateway.queue.letters import LetterBox
from bp_gateway.queue.store import Store
from bp_gateway.queue.tables import QueuedCallRow
from bp_kit.errors import Refused
from bp_kit.logs import get_logger
from bp_kit.ports import Clock
from bp_kit.rpc.waited import ACCEPTED, sealed_time
from bp_kit.sealing import Sealer

# Of a failure that nobody described; it may be the call's own fault, or only this moment's.
_MOST_ATTEMPTS = 5
_AWAY = (*CUT_OFF, grpc.StatusCode.CANCELLED)
_BUSY = (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.ABORTED)
_log = get_logger("bp_gateway")


class _Outcome(Enum):
    ENDED = "it was done, or refused for good"
    AGAIN = "it must be tried again"
    AWAY = "the service cannot be reached"


class Sender:
    """Makes calls that waited.

    Args:
        store: Where they are.
        box: Opens them.
        sealer: Of the node's key: says when they were taken.
        channel: Returns the channel to the services of a proto package.
        seconds: How long one call may take.
        clock: The time now.
    """

    def __init__(  # noqa: PLR0917 - what one letter needs on its way
        self,
        store: Store,
        box: LetterBox,
        sealer: Sealer,
        channel: Callable[[str], Any],
        seconds: float,
        clock: Clock,
    ) -> None:
        self._store = store
        self._box = box
        self._sealer = sealer
        self._channel = channel
        self._seconds = seconds
        self._clock = clock

    async def go_round(self) -> None:
        """Tries each service that calls wait for, all at once, and gives up what waited too long."""
        given_up = await self._store.tidy(self._clock())
        if given_up:
            _log.warning("queue.given_up", calls=given_up)
        await asyncio.gather(*(self._empty(package) for package in await self._store.packages()))

    async def _empty(self, package: str) -> None:
        """Makes calls to a service until it is away again. A call that must be tried again holds up those of its own caller only."""
        held: set[str] = set()
        position = 0
        while row := await self._store.next(package, position):
            position = row.position
            if row.caller in held:
                continue
            outcome = await self._make(row)
            if outcome is _Outcome.AWAY:
                return
            if outcome is _Outcome.AGAIN:
                held.add(row.caller)

    async def _make(self, row: QueuedCallRow) -> _Outcome:
        """Makes a call and notes what came of it. Killed in between, it is made once more, with one effect."""
        try:
            await self._call(row)
        except grpc.RpcError as error:
            return await self._heard(row, error)
        except Refused:
            return _Outcome.AWAY
        except ValueError:
            # Sealed with a key that the node has not any more.
            return await self._end(row, pb.QUEUED_CALL_STATE_REFUSED, "UNSPECIFIED")
        return await self._end(row, pb.QUEUED_CALL_STATE_DONE, "")

    async def _call(self, row: QueuedCallRow) -> None:
        assert row.sealed is not None, "only what ended has no content"
        letter = self._box.open(row.sealed, row.call_id)
        # Bytes in, bytes out: what the answer says, nobody waits for.
        method = self._channel(row.package).unary_unary(row.method)
        said = sealed_time(self._sealer, row.method, dict(letter.metadata), row.accept_time)
        metadata = (*letter.metadata, (ACCEPTED, said))
        await method(letter.request, timeout=self._seconds, metadata=metadata)

    async def _heard(self, row: QueuedCallRow, error: grpc.RpcError) -> _Outcome:
        code = error.code()
        if code in _AWAY:
            return _Outcome.AWAY
        if code in _BUSY:
            return _Outcome.AGAIN
        reason = reason_told(error)
        if reason == "UNSPECIFIED" and row.attempts + 1 < _MOST_ATTEMPTS:
            await self._store.tried(row)
            return _Outcome.AGAIN
        return await self._end(row, pb.QUEUED_CALL_STATE_REFUSED, reason)

    async def _end(self, row: QueuedCallRow, state: pb.QueuedCallState.ValueType, reason: str) -> _Outcome:
        await self._store.end(row, state, reason, self._clock())
        _log.info("queue.ended", method=row.method, state=pb.QueuedCallState.Name(state), reason=reason)
        return _Outcome.ENDED
