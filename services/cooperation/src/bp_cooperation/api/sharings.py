"""SharingService."""

from __future__ import annotations

from typing import Any

from bluepacific.cooperation.v1 import sharing_pb2
from bluepacific.cooperation.v1 import sharing_service_pb2 as pb
from bluepacific.cooperation.v1 import sharing_service_pb2_grpc as grpc_
from bp_cooperation.adapters.directive_messages import sharing_message
from bp_cooperation.adapters.unit_of_work import Workshop
from bp_cooperation.api.callers import current_caller, listing_of
from bp_cooperation.usecases import sharings
from bp_kit.database import current_session


class SharingServicer(grpc_.SharingServiceServicer):
    """Onward sharing, by who owns what is shared.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def ShareRequest(self, request: pb.ShareRequestRequest, context: Any) -> sharing_pb2.Sharing:
        """Shares a request, or asks its owner to."""
        work = self._workshop.on(current_session())
        sharing = await sharings.share_request(
            work,
            await current_caller(work),
            request.name,
            unit=request.unit,
            recipients=tuple(request.recipients),
        )
        return sharing_message(sharing)

    async def DecideSharing(self, request: pb.DecideSharingRequest, context: Any) -> sharing_pb2.Sharing:
        """Decides a wish to share."""
        work = self._workshop.on(current_session())
        caller = await current_caller(work)
        sharing = await sharings.decide_sharing(work, caller, request.name, permitted=request.permitted)
        return sharing_message(sharing)

    async def ListSharings(self, request: pb.ListSharingsRequest, context: Any) -> pb.ListSharingsResponse:
        """Lists wishes to share a request, oldest first."""
        work = self._workshop.on(current_session())
        listed = await sharings.list_sharings(work, await listing_of(work, request))
        found = [sharing_message(one) for one in listed.items]
        return pb.ListSharingsResponse(sharings=found, next_page_token=listed.next_token)
