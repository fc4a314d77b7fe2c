"""`unit ...`: units of the own country, as `UnitService` keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask

from bluepacific.identity.v1 import unit_pb2
from bluepacific.identity.v1 import unit_service_pb2 as pb
from bp_node.administering.calling import Administration, administer, every, value_of
from bp_node.administering.showing import show_all, show_one

_COLUMNS = ("name", "displayName", "kind", "state")


def list_units(directory: Path, filter_: str, *, as_json: bool) -> None:
    """Shows the country's units."""

    async def act(at: Administration) -> list[Any]:
        request = pb.ListUnitsRequest(parent=at.country, filter=filter_)
        return await every(at.identity.units.ListUnits, request, "units")

    show_all("units", administer(directory, act), _COLUMNS, as_json=as_json)


def show_unit(directory: Path, unit: str, *, as_json: bool) -> None:
    """Shows a unit."""

    async def act(at: Administration) -> unit_pb2.Unit:
        request = pb.GetUnitRequest(name=at.name_of("units", unit))
        return await at.identity.units.GetUnit(request)  # type: ignore[no-any-return]

    show_one(administer(directory, act), as_json=as_json)


def create_unit(directory: Path, unit: str, fields: dict[str, str], *, as_json: bool) -> None:
    """Creates a unit."""

    async def act(at: Administration) -> unit_pb2.Unit:
        request = pb.CreateUnitRequest(parent=at.country, unit_id=unit, unit=_said(fields))
        return await at.identity.units.CreateUnit(request)  # type: ignore[no-any-return]

    show_one(administer(directory, act), as_json=as_json)


def change_unit(directory: Path, unit: str, fields: dict[str, str], *, as_json: bool) -> None:
    """Changes a unit; what is not given stays."""

    async def act(at: Administration) -> unit_pb2.Unit:
        name = at.name_of("units", unit)
        now = await at.identity.units.GetUnit(pb.GetUnitRequest(name=name))
        if not fields:
            return now  # type: ignore[no-any-return]
        changed = _said(fields)
        changed.name, changed.etag = name, now.etag
        request = pb.UpdateUnitRequest(unit=changed, update_mask=FieldMask(paths=list(fields)))
        return await at.identity.units.UpdateUnit(request)  # type: ignore[no-any-return]

    show_one(administer(directory, act), as_json=as_json)


def end_unit(directory: Path, unit: str, *, as_json: bool) -> None:
    """Takes a unit out of service; the roles held there no longer count."""

    async def act(at: Administration) -> unit_pb2.Unit:
        request = pb.DeactivateUnitRequest(name=at.name_of("units", unit))
        return await at.identity.units.DeactivateUnit(request)  # type: ignore[no-any-return]

    show_one(administer(directory, act), as_json=as_json)


def restore_unit(directory: Path, unit: str, *, as_json: bool) -> None:
    """Puts a unit back into service."""

    async def act(at: Administration) -> unit_pb2.Unit:
        request = pb.ActivateUnitRequest(name=at.name_of("units", unit))
        return await at.identity.units.ActivateUnit(request)  # type: ignore[no-any-return]

    show_one(administer(directory, act), as_json=as_json)


def _said(fields: dict[str, str]) -> unit_pb2.Unit:
    values: dict[str, Any] = dict(fields)
    if "kind" in values:
        values["kind"] = value_of(unit_pb2.UnitKind, "UNIT_KIND_", values["kind"], "--kind")
    return unit_pb2.Unit(**values)
