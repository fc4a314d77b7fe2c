"""ReadService."""

from __future__ import annotations

from typing import Any

from bluepacific.cooperation.v1 import read_service_pb2 as pb
from bluepacific.cooperation.v1 import read_service_pb2_grpc as grpc_
from bp_cooperation.adapters.readers import entities_of
from bp_cooperation.adapters.unit_of_work import Workshop
from bp_cooperation.api.callers import current_caller
from bp_cooperation.usecases.readers import see_readers_of
from bp_kit.readers import Readers


class ReadServicer(grpc_.ReadServiceServicer):
    """Who read what units here have sent.

    Args:
        workshop: Makes the parts of a transaction.
        readers: Asks the exchange.
    """

    def __init__(self, workshop: Workshop, readers: Readers) -> None:
        self._workshop = workshop
        self._readers = readers

    async def ListReads(self, request: pb.ListReadsRequest, context: Any) -> pb.ListReadsResponse:
        """Lists who read a request and what belongs to it, newest first."""
        # In a session of its own, which is over before the exchange is waited for.
        async with self._workshop.database.read() as session:
            work = self._workshop.on(session)
            seen = await see_readers_of(work, await current_caller(work), request.parent)
            names = [seen.name, *await entities_of(session, seen.name)]
        return await self._readers.tell(request, pb.ListReadsResponse, names)
