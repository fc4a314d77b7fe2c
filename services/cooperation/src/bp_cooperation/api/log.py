"""LogService."""

from __future__ import annotations

from typing import Any

from bluepacific.cooperation.v1 import log_service_pb2 as pb
from bluepacific.cooperation.v1 import log_service_pb2_grpc as grpc_
from bp_cooperation.adapters.log import log_page
from bp_cooperation.adapters.unit_of_work import Workshop
from bp_kit.database import current_session
from bp_kit.listing import listing_of


class LogServicer(grpc_.LogServiceServicer):
    """Who did what, for the data-protection officer.

    Args:
        workshop: For what seals page tokens.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def ListLogEntries(self, request: pb.ListLogEntriesRequest, context: Any) -> pb.ListLogEntriesResponse:
        """Lists what people and units of a country did, newest first."""
        listed = await log_page(current_session(), self._workshop.seams.sealer, listing_of(request))
        return pb.ListLogEntriesResponse(log_entries=listed.items, next_page_token=listed.next_token)
