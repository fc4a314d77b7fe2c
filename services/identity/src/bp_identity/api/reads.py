"""OfficerReadService."""

from __future__ import annotations

from typing import Any

from bluepacific.identity.v1 import officer_read_service_pb2 as pb
from bluepacific.identity.v1 import officer_read_service_pb2_grpc as grpc_
from bp_kit.call import current_call
from bp_kit.errors import Refused
from bp_kit.names import country_of
from bp_kit.readers import Readers, is_told_of


class OfficerReadServicer(grpc_.OfficerReadServiceServicer):
    """Who read officers' records.

    Args:
        readers: Asks the exchange.
    """

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def ListReads(self, request: pb.ListReadsRequest, context: Any) -> pb.ListReadsResponse:
        """Lists who read an officer's record, newest first; it says nothing of whether there is such an officer."""
        if not is_told_of(current_call().principal, request.parent):
            raise Refused("PERMISSION_DENIED")
        officers = f"countries/{country_of(request.parent)}/officers"
        return await self._readers.tell(request, pb.ListReadsResponse, [request.parent], [officers])
