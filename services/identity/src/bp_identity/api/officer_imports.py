"""OfficerImportService: a row becomes the requests that an administrator could have made, held to the same rules."""

from __future__ import annotations

import asyncio
from typing import Any

from bluepacific.identity.v1 import grant_pb2, grant_service_pb2, officer_pb2, officer_service_pb2, role_pb2
from bluepacific.identity.v1 import officer_import_service_pb2 as pb
from bluepacific.identity.v1 import officer_import_service_pb2_grpc as grpc_
from bp_identity.adapters.sheets import read_table
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.api.messages import person_said
from bp_identity.domain.grant import TWO_PERSON_ROLES
from bp_identity.domain.names import officer_name, unit_name
from bp_identity.domain.officer import Person
from bp_identity.domain.roster import RosterRow, roster_of
from bp_identity.usecases.roster import Newcomer, take_over
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.errors import Refused, Violation
from bp_kit.names import country_of
from bp_kit.rpc.status import told_fields
from bp_kit.validation import check

_SAID = ("given_name", "family_name", "email", "gender", "language", "clearance")


class OfficerImportServicer(grpc_.OfficerImportServiceServicer):
    """People from a table.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def ImportOfficers(self, request: pb.ImportOfficersRequest, context: Any) -> pb.ImportOfficersResponse:
        """Takes over the people of a table: all, or none."""
        roster = roster_of(await asyncio.to_thread(read_table, request.content))
        country = country_of(request.parent)
        seen: dict[str, int] = {}
        async with current_session().begin_nested() as trial:
            rows = [await self._take_over(country, row, seen) for row in roster.rows]
            good = all(row.outcome != pb.ROW_OUTCOME_REFUSED for row in rows)
            if request.validate_only or not good:
                await trial.rollback()
        return pb.ImportOfficersResponse(rows=rows, imported=good and not request.validate_only)

    async def _take_over(self, country: str, row: RosterRow, seen: dict[str, int]) -> pb.ImportedRow:
        typed = row.cells.get("officer_id", "")
        told = pb.ImportedRow(row=row.number, officer=officer_name(country, typed) if typed else "")
        try:
            _check_first(row, seen)
            newcomer = _newcomer(country, row)
            outcome = await take_over(self._workshop.on(current_session()), current_call().principal, newcomer)
            told.outcome = pb.RowOutcome.Value(f"ROW_OUTCOME_{outcome}")
        except Refused as refused:
            told.outcome = pb.ROW_OUTCOME_REFUSED
            told.faults.extend(_faults(refused))
        return told


def _check_first(row: RosterRow, seen: dict[str, int]) -> None:
    first = seen.setdefault(row.cells.get("officer_id", ""), row.number)
    if first != row.number:
        raise Refused("ROW_REPEATED", field="officer_id", row=first)


def _newcomer(country: str, row: RosterRow) -> Newcomer:
    row.check()
    officer = _officer(row)
    name = officer_name(country, row.cells["officer_id"])
    check(
        officer_service_pb2.CreateOfficerRequest(
            parent=f"countries/{country}", officer_id=row.cells["officer_id"], officer=officer
        )
    )
    roles = tuple(row.roles())
    for role, unit_id in roles:
        _check_role(name, role, unit_name(country, unit_id))
    said = tuple(column for column in _SAID if row.cells.get(column))
    return Newcomer(name, Person(**person_said(officer)), said, roles, row.until())


def _officer(row: RosterRow) -> officer_pb2.Officer:
    cells = row.cells
    gender = cells.get("gender", "").upper()
    if gender and f"GENDER_{gender}" not in dict(officer_pb2.Gender.items()):
        raise Refused("INVALID_FIELD", field="gender", description="is female, male, other or undisclosed")
    clearance = cells.get("clearance", "") or "0"
    if clearance not in {"0", "1", "2", "3"}:
        raise Refused("INVALID_FIELD", field="clearance", description="is 0, 1, 2 or 3")
    return officer_pb2.Officer(
        given_name=cells["given_name"],
        family_name=cells["family_name"],
        email=cells["email"],
        gender=officer_pb2.Gender.Value(f"GENDER_{gender or 'UNSPECIFIED'}"),
        language=cells.get("language", "").lower(),
        clearance=int(clearance),
    )


def _check_role(officer: str, role: str, unit: str) -> None:
    if f"ROLE_{role}" not in dict(role_pb2.Role.items()) or role == "UNSPECIFIED":
        raise Refused("INVALID_FIELD", field="roles", description="names a role that there is not")
    if role in TWO_PERSON_ROLES:
        raise Refused(
            "INVALID_FIELD", field="roles", description="names a role that takes two persons; give it by itself"
        )
    try:
        grant = grant_pb2.Grant(role=role_pb2.Role.Value(f"ROLE_{role}"), unit=unit)
        check(grant_service_pb2.CreateGrantRequest(parent=officer, grant=grant))
    except Refused as refused:
        raise Refused("UNIT_NOT_IN_SERVICE", field="roles", unit=unit[:100]) from refused


def _faults(refused: Refused) -> list[pb.RowFault]:
    violations = refused.violations or (Violation("", refused.reason, refused.metadata),)
    fields = told_fields(violations, current_call().language).field_violations
    return [
        pb.RowFault(column=_column(field.field), reason=field.reason, detail=field.localized_message.message)
        for field in fields
    ]


def _column(field: str) -> str:
    """Returns the table's column for a request's field."""
    columns = {"grant.unit": "roles", "grant.end_time": "until"}
    return columns.get(field, field.removeprefix("officer."))
