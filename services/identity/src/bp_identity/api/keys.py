"""KeyService."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

from bluepacific.identity.v1 import key_service_pb2 as pb
from bluepacific.identity.v1 import key_service_pb2_grpc as grpc_
from bp_identity.adapters.keys import KeyFolder
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.usecases.standing import find_standing
from bp_kit.database import current_session
from bp_kit.times import timestamp

# Longer than any access token lives.
_LATELY = timedelta(minutes=20)


class KeyServicer(grpc_.KeyServiceServicer):
    """The keys that verify this node's tokens, and the tokens that no longer count.

    Args:
        keys: The node's keys.
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, keys: KeyFolder, workshop: Workshop) -> None:
        self._keys = keys
        self._workshop = workshop

    async def GetKeys(self, request: pb.GetKeysRequest, context: Any) -> pb.GetKeysResponse:
        """Gives the public keys."""
        return pb.GetKeysResponse(jwks=self._keys.jwks())

    async def GetVoidedTokens(self, request: pb.GetVoidedTokensRequest, context: Any) -> pb.GetVoidedTokensResponse:
        """Tells whose tokens have been voided lately."""
        work = self._workshop.on(current_session())
        voided = await work.voids.since(work.clock() - _LATELY)
        return pb.GetVoidedTokensResponse(
            voided=[pb.VoidedTokens(holder=holder, issue_time=timestamp(until)) for holder, until in voided.items()]
        )

    async def GetStanding(self, request: pb.GetStandingRequest, context: Any) -> pb.GetStandingResponse:
        """Tells what an officer may do now."""
        work = self._workshop.on(current_session())
        issued = request.issue_time.ToDatetime(UTC)
        standing = await find_standing(work, request.officer, request.client, issued)
        return pb.GetStandingResponse(roles=standing.roles, clearance=standing.clearance)
