"""GrantService."""

from __future__ import annotations

from typing import Any

from bluepacific.identity.v1 import grant_pb2
from bluepacific.identity.v1 import grant_service_pb2 as pb
from bluepacific.identity.v1 import grant_service_pb2_grpc as grpc_
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.api.messages import grant_message, role_word
from bp_identity.usecases import grants
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.listing import listing_of
from bp_kit.times import moment


class GrantServicer(grpc_.GrantServiceServicer):
    """Roles of officers of the own country.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def GetGrant(self, request: pb.GetGrantRequest, context: Any) -> grant_pb2.Grant:
        """Gets a grant."""
        work = self._workshop.on(current_session())
        return grant_message(await grants.get_grant(work, current_call().principal, request.name))

    async def ListGrants(self, request: pb.ListGrantsRequest, context: Any) -> pb.ListGrantsResponse:
        """Lists grants, oldest first."""
        work = self._workshop.on(current_session())
        listed = await grants.list_grants(work, current_call().principal, listing_of(request))
        return pb.ListGrantsResponse(
            grants=[grant_message(grant) for grant in listed.items], next_page_token=listed.next_token
        )

    async def CreateGrant(self, request: pb.CreateGrantRequest, context: Any) -> grant_pb2.Grant:
        """Gives a role."""
        given = request.grant
        grant = await grants.create_grant(
            self._workshop.on(current_session()),
            current_call().principal,
            request.parent,
            role=role_word(given.role),
            unit=given.unit,
            start_time=moment(given.start_time, "grant.start_time") if given.HasField("start_time") else None,
            end_time=moment(given.end_time, "grant.end_time") if given.HasField("end_time") else None,
        )
        return grant_message(grant)

    async def RevokeGrant(self, request: pb.RevokeGrantRequest, context: Any) -> grant_pb2.Grant:
        """Ends a grant now."""
        work = self._workshop.on(current_session())
        return grant_message(await grants.revoke_grant(work, current_call().principal, request.name))
