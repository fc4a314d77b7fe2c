"""Taking a call in: only one that its service would take at this moment, and only where there is room."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from google.protobuf.message import Message
from sqlalchemy.exc import SQLAlchemyError

from bluepacific.queue.v1 import queued_call_pb2 as pb
from bp_gateway.metadata import Metadata
from bp_gateway.queue.letters import Letter, LetterBox
from bp_gateway.queue.servicer import message_of
from bp_gateway.queue.store import WAITING, Store
from bp_gateway.queue.tables import QueuedCallRow
from bp_kit.call import Call
from bp_kit.logs import get_logger
from bp_kit.ports import Clock, Ids
from bp_kit.rpc.admission import admit, check_scope, recognise
from bp_kit.rpc.methods import Method
from bp_kit.tokens import TokenVerifier
from bp_kit.validation import check

_MOST_BYTES = 256 * 1024
_log = get_logger("bp_gateway")


class Intake:
    """Takes calls of people of this node.

    Args:
        store: Keeps them.
        box: Seals them.
        verifier: Verifies their tokens.
        clock: The time now.
        ids: Names them.
    """

    def __init__(self, store: Store, box: LetterBox, verifier: TokenVerifier, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._box = box
        self._verifier = verifier
        self._clock = clock
        self._ids = ids

    async def recognised(self, method: Method, request: Message, metadata: Metadata) -> Call | None:
        """Returns the call as its service would see it; None of a caller whose calls do not wait.

        Raises:
            Refused: As the service would, for all that can be told without its records; UNAVAILABLE where the token's key is not known.
        """
        call = await recognise(method, dict(metadata), self._verifier, from_node=False)
        if "/officers/" not in call.principal.name or call.principal.node:
            return None
        admit(method, call)
        check_scope(method, call.principal, request)
        check(request)
        return call

    async def has_waiting(self, call: Call, package: str) -> bool:
        """Tells whether an earlier call of the same caller to the same service waits, so that this one must not overtake it."""
        try:
            return await self._store.waits(self._caller(call), package)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("queue.no_disk", error=type(error).__name__)
            return False

    async def keep(self, method: Method, call: Call, request: Message, metadata: Metadata) -> pb.QueuedCall | None:
        """Returns the call once it is on disk; None where there is no room, or no disk."""
        content, now, call_id = request.SerializeToString(deterministic=True), self._clock(), self._ids()
        sealed = self._box.seal(Letter(content, metadata), call_id)
        row = QueuedCallRow(
            call_id=call_id,
            caller=self._caller(call),
            method=method.path,
            package=_package_of(method.path),
            digest=self._box.disguise(call.principal.name.encode(), method.path.encode(), content),
            state=WAITING,
            sealed=sealed,
            size=len(sealed),
            accept_time=now,
            expire_time=now + timedelta(seconds=method.queue_seconds),
        )
        kept = await self._kept(row) if len(sealed) <= _MOST_BYTES else None
        return message_of(kept, call.principal.name) if kept else None

    async def _kept(self, row: QueuedCallRow) -> QueuedCallRow | None:
        try:
            kept = await self._store.keep(row)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("queue.no_disk", error=type(error).__name__)
            return None
        if kept is None:
            _log.warning("queue.full")
        return kept

    def _caller(self, call: Call) -> str:
        return self._box.disguise(call.principal.name.encode())


def _package_of(path: str) -> str:
    service: Any = path.strip("/").partition("/")[0]
    return str(service.rpartition(".")[0])
