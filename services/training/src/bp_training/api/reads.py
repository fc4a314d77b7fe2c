"""EnrolmentReadService."""

from __future__ import annotations

from typing import Any

from bluepacific.training.v1 import enrolment_read_service_pb2 as pb
from bluepacific.training.v1 import enrolment_read_service_pb2_grpc as grpc_
from bp_kit.call import current_call
from bp_kit.readers import Readers
from bp_training.adapters.unit_of_work import Workshop
from bp_training.usecases.readers import records_of


class EnrolmentReadServicer(grpc_.EnrolmentReadServiceServicer):
    """Who read learners' records.

    Args:
        workshop: Makes the parts of a transaction.
        readers: Asks the exchange.
    """

    def __init__(self, workshop: Workshop, readers: Readers) -> None:
        self._workshop = workshop
        self._readers = readers

    async def ListReads(self, request: pb.ListReadsRequest, context: Any) -> pb.ListReadsResponse:
        """Lists who read an enrolment and its credential, newest first."""
        # In a session of its own, which is over before the exchange is waited for.
        async with self._workshop.reading() as work:
            names = await records_of(work, current_call().principal, request.parent)
        return await self._readers.tell(request, pb.ListReadsResponse, names)
