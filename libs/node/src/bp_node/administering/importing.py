"""`user import`: people from a table, through `OfficerImportService`."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from bluepacific.identity.v1 import officer_import_service_pb2 as pb
from bp_node.administering.calling import Administration, administer
from bp_node.administering.showing import document
from bp_node.failure import CommandError, told_plainly
from bp_node.screen import out, say, say_json


def import_users(directory: Path, file: Path, *, dry_run: bool, as_json: bool) -> None:
    """Takes the people of a table over, and shows what became of each row.

    Raises:
        CommandError: The file cannot be read, or a row is at fault; then nothing changed.
    """
    with told_plainly("read", file):
        content = file.read_bytes()

    async def act(at: Administration) -> pb.ImportOfficersResponse:
        request = pb.ImportOfficersRequest(parent=at.country, content=content, validate_only=dry_run)
        return await at.identity.officer_imports.ImportOfficers(request)  # type: ignore[no-any-return]

    answer = administer(directory, act)
    refused = sum(row.outcome == pb.ROW_OUTCOME_REFUSED for row in answer.rows)
    if as_json:
        say_json(document(answer))
    else:
        _draw(answer)
    if refused:
        raise CommandError(f"{refused} of {len(answer.rows)} rows are at fault; nothing was changed")
    if not as_json:
        say("nothing was changed: this was a dry run" if dry_run else "imported")


def _draw(answer: pb.ImportOfficersResponse) -> None:
    table = Table("row", "officer", "outcome", "why")
    for row in answer.rows:
        why = "; ".join(f"{fault.column}: {fault.detail}" if fault.column else fault.detail for fault in row.faults)
        outcome = pb.RowOutcome.Name(row.outcome).removeprefix("ROW_OUTCOME_").lower()
        table.add_row(str(row.row), row.officer, outcome, why)
    out.print(table)
