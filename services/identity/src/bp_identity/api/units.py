"""UnitService."""

from __future__ import annotations

from typing import Any

from bluepacific.identity.v1 import unit_pb2
from bluepacific.identity.v1 import unit_service_pb2 as pb
from bluepacific.identity.v1 import unit_service_pb2_grpc as grpc_
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.api.messages import masked, unit_message
from bp_identity.domain.names import unit_name
from bp_identity.domain.unit import ACTIVE, INACTIVE
from bp_identity.usecases import units
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.listing import listing_of
from bp_kit.names import country_of


class UnitServicer(grpc_.UnitServiceServicer):
    """Units of the own country.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def GetUnit(self, request: pb.GetUnitRequest, context: Any) -> unit_pb2.Unit:
        """Gets a unit."""
        work = self._workshop.on(current_session())
        return unit_message(await units.get_unit(work, current_call().principal, request.name))

    async def ListUnits(self, request: pb.ListUnitsRequest, context: Any) -> pb.ListUnitsResponse:
        """Lists units by name."""
        work = self._workshop.on(current_session())
        listed = await units.list_units(work, current_call().principal, listing_of(request))
        return pb.ListUnitsResponse(
            units=[unit_message(unit) for unit in listed.items], next_page_token=listed.next_token
        )

    async def CreateUnit(self, request: pb.CreateUnitRequest, context: Any) -> unit_pb2.Unit:
        """Creates a unit."""
        unit = await units.create_unit(
            self._workshop.on(current_session()),
            current_call().principal,
            name=unit_name(country_of(request.parent), request.unit_id),
            display_name=request.unit.display_name,
            kind=_kind(request.unit.kind),
        )
        return unit_message(unit)

    async def UpdateUnit(self, request: pb.UpdateUnitRequest, context: Any) -> unit_pb2.Unit:
        """Changes a unit's display name or kind."""
        values = {"display_name": request.unit.display_name, "kind": _kind(request.unit.kind)}
        unit = await units.update_unit(
            self._workshop.on(current_session()),
            current_call().principal,
            request.unit.name,
            changes={field: values[field] for field in masked(request.update_mask, "unit", values)},
            etag=request.unit.etag,
        )
        return unit_message(unit)

    async def DeactivateUnit(self, request: pb.DeactivateUnitRequest, context: Any) -> unit_pb2.Unit:
        """Takes a unit out of service."""
        return await self._set_state(request.name, INACTIVE, request.etag)

    async def ActivateUnit(self, request: pb.ActivateUnitRequest, context: Any) -> unit_pb2.Unit:
        """Puts a unit back into service."""
        return await self._set_state(request.name, ACTIVE, request.etag)

    async def _set_state(self, name: str, state: str, etag: str) -> unit_pb2.Unit:
        work = self._workshop.on(current_session())
        return unit_message(await units.set_unit_state(work, current_call().principal, name, state=state, etag=etag))


def _kind(kind: unit_pb2.UnitKind.ValueType) -> str:
    return unit_pb2.UnitKind.Name(kind).removeprefix("UNIT_KIND_")
