"""EmergencyService."""

from __future__ import annotations

from typing import Any

from bluepacific.identity.v1 import emergency_pb2, role_pb2
from bluepacific.identity.v1 import emergency_service_pb2 as pb
from bluepacific.identity.v1 import emergency_service_pb2_grpc as grpc_
from bp_identity.adapters.emergencies import SqlEmergencies
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.api.messages import role_word
from bp_identity.domain.emergency import Emergency
from bp_identity.usecases import emergencies
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.listing import listing_of
from bp_kit.times import timestamp


class EmergencyServicer(grpc_.EmergencyServiceServicer):
    """Roles taken in emergencies.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def CreateEmergency(self, request: pb.CreateEmergencyRequest, context: Any) -> emergency_pb2.Emergency:
        """Takes a role."""
        given = request.emergency
        need = emergencies.Need(role_word(given.role), given.unit, given.reason, given.minutes)
        work = self._workshop.on(current_session())
        return _message(await emergencies.declare_emergency(work, self._kept(), current_call().principal, need))

    async def ListEmergencies(self, request: pb.ListEmergenciesRequest, context: Any) -> pb.ListEmergenciesResponse:
        """Lists emergencies, oldest first."""
        listed = await self._kept().page(listing_of(request))
        return pb.ListEmergenciesResponse(
            emergencies=[_message(emergency) for emergency in listed.items], next_page_token=listed.next_token
        )

    async def ReviewEmergency(self, request: pb.ReviewEmergencyRequest, context: Any) -> emergency_pb2.Emergency:
        """Closes an emergency."""
        work, principal = self._workshop.on(current_session()), current_call().principal
        return _message(
            await emergencies.review_emergency(work, self._kept(), principal, request.name, request.finding)
        )

    def _kept(self) -> SqlEmergencies:
        return SqlEmergencies(current_session(), self._workshop.seams.sealer)


def _message(emergency: Emergency) -> emergency_pb2.Emergency:
    return emergency_pb2.Emergency(
        name=emergency.name,
        role=role_pb2.Role.Value(f"ROLE_{emergency.role}"),
        unit=emergency.unit,
        reason=emergency.reason,
        minutes=emergency.minutes,
        officer=emergency.officer,
        grant=emergency.grant,
        state=emergency_pb2.EmergencyState.Value(f"EMERGENCY_STATE_{emergency.state}"),
        reviewer=emergency.reviewer,
        finding=emergency.finding,
        create_time=timestamp(emergency.create_time),
        end_time=timestamp(emergency.end_time),
    )
