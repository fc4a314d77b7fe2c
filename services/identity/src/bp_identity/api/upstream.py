"""UpstreamService."""

from __future__ import annotations

from typing import Any

from bluepacific.identity.v1 import upstream_service_pb2 as pb
from bluepacific.identity.v1 import upstream_service_pb2_grpc as grpc_
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.usecases.upstream import link_upstream
from bp_kit.call import current_call
from bp_kit.database import current_session


class UpstreamServicer(grpc_.UpstreamServiceServicer):
    """Officers at the country's own provider.

    Args:
        workshop: Makes the parts of a transaction.
        issuer: The provider; empty for none.
    """

    def __init__(self, workshop: Workshop, issuer: str) -> None:
        self._workshop = workshop
        self._issuer = issuer

    async def LinkUpstream(self, request: pb.LinkUpstreamRequest, context: Any) -> pb.UpstreamLink:
        """Links an officer with a subject."""
        work = self._workshop.on(current_session())
        caller = current_call().principal
        await link_upstream(work, caller, request.name, issuer=self._issuer, subject=request.subject)
        return pb.UpstreamLink(officer=request.name, issuer=self._issuer, subject=request.subject)
