"""What is kept of calls, as their `audit` option says. Writes keep it in their own transaction; reads share commits.

A read that is audited answers only after its record is on disk. Records of reads that wait at the same moment are committed together,
so that a synced commit is paid once for all of them. What of them shows personal data leaves with the same commit for the node's log, as
one batch in the outbox: nothing was shown that the log will not tell, and a read costs no commit more than before.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime
from typing import Any

from google.protobuf.message import Message
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.common.v1 import handling_pb2
from bluepacific.options.v1 import options_pb2
from bp_kit.call import Call
from bp_kit.database import Database
from bp_kit.outbox import keep_reads
from bp_kit.reads import IMPERSONAL, reads_of
from bp_kit.rpc.methods import Method
from bp_kit.tables import service_metadata
from bp_kit.telemetry import current_trace_id

_audit = service_metadata().tables["audit"]
Record = dict[str, Any]


def record_of(method: Method, call: Call, request: Message | None, call_time: datetime, outcome: str) -> Record:
    """Returns what is kept of a call; with audit FULL also the purpose and the request's digest, never its content.

    Args:
        method: What was called.
        call: By whom, and for which purpose.
        request: With what; may be one that was refused, so its name may be anything. None: it was refused before it came.
        call_time: When.
        outcome: `OK`, or the reason of the refusal.
    """
    detail: dict[str, str] = {}
    if call.principal.node:
        # Who vouched for a visitor, and how old the register was that let them in.
        detail |= {"node": call.principal.node, "standing": call.principal.standing}
    if method.personal_when and request is not None and not getattr(request, method.personal_when):
        detail[IMPERSONAL] = "true"
    if call.accept_time is not None:
        detail["accept_time"] = call.accept_time.isoformat()
    if request is not None and method.audit == options_pb2.AUDIT_FULL:
        detail["request_sha256"] = hashlib.sha256(request.SerializeToString(deterministic=True)).hexdigest()
    return {
        "call_time": call_time,
        "principal": call.principal.name,
        "method": method.path,
        "name": method.name_in(request)[:255].replace("\0", "") if request is not None else "",
        "outcome": outcome,
        "purpose": handling_pb2.Purpose.Name(call.purpose) if call.purpose else "",
        "trace_id": current_trace_id(),
        "detail": detail,
    }


class Auditor:
    """Writes audit records of one service.

    Args:
        database: The service's database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[Record, asyncio.Future[None]]] = []
        self._flushing: asyncio.Task[None] | None = None

    async def record_in(self, session: AsyncSession, record: Record) -> None:
        """Adds the record to the call's own transaction."""
        await session.execute(insert(_audit), [record])

    async def record(self, record: Record) -> None:
        """Returns when the record is on disk."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((record, done))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        await done

    async def _flush(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                async with self._database.write() as session:
                    records = [record for record, _ in batch]
                    await session.execute(insert(_audit), records)
                    await keep_reads(session, reads_of(records))
            except Exception as error:  # noqa: BLE001 - each waiting call must hear of it
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
            else:
                for _, done in batch:
                    if not done.done():
                        done.set_result(None)
        self._flushing = None
