"""DirectoryService."""

from __future__ import annotations

from typing import Any

from bluepacific.cooperation.v1 import directory_service_pb2 as pb
from bluepacific.cooperation.v1 import directory_service_pb2_grpc as grpc_
from bluepacific.identity.v1 import unit_pb2
from bp_cooperation.adapters.unit_of_work import Workshop
from bp_cooperation.api.callers import listing_of
from bp_cooperation.usecases import directory
from bp_kit.database import current_session


class DirectoryServicer(grpc_.DirectoryServiceServicer):
    """Whom requests can be addressed to.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def ListAddressees(self, request: pb.ListAddresseesRequest, context: Any) -> pb.ListAddresseesResponse:
        """Lists the units that take part, by name."""
        work = self._workshop.on(current_session())
        listed = await directory.list_addressees(work, await listing_of(work, request))
        found = [
            pb.Addressee(
                unit=one.unit, display_name=one.display_name, kind=unit_pb2.UnitKind.Value(f"UNIT_KIND_{one.kind}")
            )
            for one in listed.items
        ]
        return pb.ListAddresseesResponse(addressees=found, next_page_token=listed.next_token)
