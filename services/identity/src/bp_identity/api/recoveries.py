"""RecoveryService."""

from __future__ import annotations

from typing import Any

from bluepacific.identity.v1 import recovery_pb2
from bluepacific.identity.v1 import recovery_service_pb2 as pb
from bluepacific.identity.v1 import recovery_service_pb2_grpc as grpc_
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.domain.officer import Officer
from bp_identity.domain.recovery import Recovery
from bp_identity.usecases import recovery
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.times import timestamp


class RecoveryServicer(grpc_.RecoveryServiceServicer):
    """Recovery, as the colleague sees it.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def FindRecovery(self, request: pb.FindRecoveryRequest, context: Any) -> recovery_pb2.Recovery:
        """Finds what a code stands for."""
        work = self._workshop.on(current_session())
        principal = current_call().principal
        return _message(*await recovery.find_recovery(work, principal, request.parent, request.code))

    async def ConfirmRecovery(self, request: pb.ConfirmRecoveryRequest, context: Any) -> recovery_pb2.Recovery:
        """Confirms who asked."""
        work = self._workshop.on(current_session())
        principal = current_call().principal
        return _message(*await recovery.confirm_recovery(work, principal, request.name, request.code))


def _message(found: Recovery, officer: Officer) -> recovery_pb2.Recovery:
    return recovery_pb2.Recovery(
        name=found.name,
        display_name=officer.display_name,
        state=recovery_pb2.RecoveryState.Value(f"RECOVERY_STATE_{found.state}"),
        create_time=timestamp(found.create_time),
        expire_time=timestamp(found.expire_time),
        confirmer=found.confirmer,
    )
