"""UptakeService."""

from __future__ import annotations

from typing import Any

from bluepacific.catalogue.v1 import uptake_pb2
from bluepacific.catalogue.v1 import uptake_service_pb2 as pb
from bluepacific.catalogue.v1 import uptake_service_pb2_grpc as grpc_
from bp_catalogue.adapters.messages import report_message
from bp_catalogue.adapters.unit_of_work import Workshop
from bp_catalogue.usecases import uptake
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.listing import listing_of


class UptakeServicer(grpc_.UptakeServiceServicer):
    """Uptake by country and capability.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def GetUptakeReport(self, request: pb.GetUptakeReportRequest, context: Any) -> uptake_pb2.UptakeReport:
        """Gets a report."""
        work = self._workshop.on(current_session())
        return report_message(await uptake.get_report(work, current_call().principal, request.name))

    async def ListUptakeReports(
        self, request: pb.ListUptakeReportsRequest, context: Any
    ) -> pb.ListUptakeReportsResponse:
        """Lists reports by name."""
        work = self._workshop.on(current_session())
        listed = await uptake.list_reports(work, current_call().principal, listing_of(request))
        return pb.ListUptakeReportsResponse(
            uptake_reports=[report_message(report) for report in listed.items], next_page_token=listed.next_token
        )
