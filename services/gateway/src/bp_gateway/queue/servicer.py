"""QueuedCallService: what waits, for those whose it is."""

from __future__ import annotations

from typing import Any

from google.protobuf import empty_pb2
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.queue.v1 import queued_call_pb2 as pb
from bluepacific.queue.v1 import queued_call_service_pb2 as service_pb
from bluepacific.queue.v1 import queued_call_service_pb2_grpc as grpc_
from bp_gateway.queue.letters import LetterBox
from bp_gateway.queue.tables import QueuedCallRow
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.errors import Refused
from bp_kit.paging import fetch_page
from bp_kit.sealing import Sealer
from bp_kit.times import timestamp


class QueuedCallServicer(grpc_.QueuedCallServiceServicer):
    """People's own queued calls.

    Args:
        box: Knows how callers are disguised.
        sealer: Seals page tokens.
    """

    def __init__(self, box: LetterBox, sealer: Sealer) -> None:
        self._box = box
        self._sealer = sealer

    async def GetQueuedCall(self, request: service_pb.GetQueuedCallRequest, context: Any) -> pb.QueuedCall:
        """Gets one of the caller's own."""
        return message_of(await self._own(current_session(), request.name), current_call().principal.name)

    async def ListQueuedCalls(
        self, request: service_pb.ListQueuedCallsRequest, context: Any
    ) -> service_pb.ListQueuedCallsResponse:
        """Lists the caller's own."""
        caller = current_call().principal.name
        if request.parent != caller:
            raise Refused("NOT_FOUND", name=request.parent)
        page = await fetch_page(
            current_session(),
            select(QueuedCallRow).where(QueuedCallRow.caller == self._box.disguise(caller.encode())),
            keys=(QueuedCallRow.position,),
            size=request.page_size,
            token=request.page_token,
            sealer=self._sealer,
            scope=("ListQueuedCalls", caller),
        )
        calls = [message_of(row, caller) for row in page.rows]
        return service_pb.ListQueuedCallsResponse(queued_calls=calls, next_page_token=page.next_token)

    async def DeleteQueuedCall(self, request: service_pb.DeleteQueuedCallRequest, context: Any) -> empty_pb2.Empty:
        """Takes one of the caller's own back."""
        row = await self._own(current_session(), request.name)
        await current_session().execute(delete(QueuedCallRow).where(QueuedCallRow.position == row.position))
        return empty_pb2.Empty()

    async def _own(self, session: AsyncSession, name: str) -> QueuedCallRow:
        parent, call_id = name.split("/queuedCalls/")
        row = await session.scalar(
            select(QueuedCallRow).where(
                QueuedCallRow.call_id == call_id,
                QueuedCallRow.caller == self._box.disguise(current_call().principal.name.encode()),
            )
        )
        if row is None or parent != current_call().principal.name:
            raise Refused("NOT_FOUND", name=name)
        return row


def message_of(row: QueuedCallRow, caller: str) -> pb.QueuedCall:
    """Returns a row as its caller sees it.

    Args:
        row: The call.
        caller: Whose name is `caller`, which the row does not tell.
    """
    return pb.QueuedCall(
        name=f"{caller}/queuedCalls/{row.call_id}",
        method=row.method[1:],
        state=pb.QueuedCallState.ValueType(row.state),
        accept_time=timestamp(row.accept_time),
        expire_time=timestamp(row.expire_time),
        end_time=timestamp(row.end_time),
        reason=row.reason,
    )
