"""AccessAgreementService."""

from __future__ import annotations

from typing import Any

from bluepacific.catalogue.v1 import access_agreement_pb2
from bluepacific.catalogue.v1 import access_agreement_service_pb2 as pb
from bluepacific.catalogue.v1 import access_agreement_service_pb2_grpc as grpc_
from bp_catalogue.adapters.messages import agreement_message
from bp_catalogue.adapters.unit_of_work import Workshop
from bp_catalogue.usecases import agreements
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.listing import listing_of


class AccessAgreementServicer(grpc_.AccessAgreementServiceServicer):
    """Which units may use which capabilities.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def GetAccessAgreement(
        self, request: pb.GetAccessAgreementRequest, context: Any
    ) -> access_agreement_pb2.AccessAgreement:
        """Gets an agreement."""
        work = self._workshop.on(current_session())
        found = await agreements.get_agreement(work, current_call().principal, request.name)
        return agreement_message(found, work.clock())

    async def ListAccessAgreements(
        self, request: pb.ListAccessAgreementsRequest, context: Any
    ) -> pb.ListAccessAgreementsResponse:
        """Lists agreements, oldest first."""
        work = self._workshop.on(current_session())
        listed = await agreements.list_agreements(work, listing_of(request))
        now = work.clock()
        return pb.ListAccessAgreementsResponse(
            access_agreements=[agreement_message(one, now) for one in listed.items], next_page_token=listed.next_token
        )

    async def EndAccessAgreement(
        self, request: pb.EndAccessAgreementRequest, context: Any
    ) -> access_agreement_pb2.AccessAgreement:
        """Ends an agreement now."""
        work = self._workshop.on(current_session())
        ended = await agreements.end_agreement(
            work, current_call().principal, request.name, note=request.note, etag=request.etag
        )
        return agreement_message(ended, work.clock())
