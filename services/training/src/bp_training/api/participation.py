"""ParticipationService."""

from __future__ import annotations

from typing import Any

from bluepacific.training.v1 import participation_pb2
from bluepacific.training.v1 import participation_service_pb2 as pb
from bluepacific.training.v1 import participation_service_pb2_grpc as grpc_
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.listing import listing_of
from bp_training.adapters.messages import report_message
from bp_training.adapters.unit_of_work import Workshop
from bp_training.usecases import participation


class ParticipationServicer(grpc_.ParticipationServiceServicer):
    """Participation by country, course and gender.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def GetParticipationReport(
        self, request: pb.GetParticipationReportRequest, context: Any
    ) -> participation_pb2.ParticipationReport:
        """Gets a report."""
        work = self._workshop.on(current_session())
        return report_message(await participation.get_report(work, current_call().principal, request.name))

    async def ListParticipationReports(
        self, request: pb.ListParticipationReportsRequest, context: Any
    ) -> pb.ListParticipationReportsResponse:
        """Lists reports by name."""
        work = self._workshop.on(current_session())
        listed = await participation.list_reports(work, current_call().principal, listing_of(request))
        return pb.ListParticipationReportsResponse(
            participation_reports=[report_message(report) for report in listed.items],
            next_page_token=listed.next_token,
        )
