"""`bluepacific role ...`: who holds which role, where, and until when."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bp_node.commands.node import Dir, Json

app = typer.Typer(no_args_is_help=True, help="The roles that officers hold at units, each with its beginning and end.")
_HERE = Path("node")
Grant = Annotated[str, typer.Argument(help="As `role list` shows it: `countries/FJI/officers/ana/grants/0198...`.")]


@app.command("list")
def list_(
    *,
    user: Annotated[str, typer.Option(help="Of this officer only: `ana`.")] = "",
    filter_: Annotated[str, typer.Option("--filter", help="Over role and unit: 'role = \"OFFICER\"'.")] = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """List roles, oldest first, those that ended included."""
    from bp_node.administering import roles  # noqa: PLC0415 - as all below: help must come at once

    roles.list_roles(directory, user, filter_, as_json=as_json)


@app.command()
def show(grant: Grant, *, directory: Dir = _HERE, as_json: Json = False) -> None:
    """Show one role that somebody holds or held, and who gave it."""
    from bp_node.administering import roles  # noqa: PLC0415

    roles.show_role(directory, grant, as_json=as_json)


@app.command()
def create(
    user: Annotated[str, typer.Argument(help="An officer: `ana`.")],
    *,
    role: Annotated[
        str,
        typer.Option(
            help="officer, analyst, duty-officer, ncb-head, trainer, course-manager, learner, liaison,"
            " data-protection-officer, auditor, administrator or donor-reader."
        ),
    ],
    unit: Annotated[str, typer.Option(help="At which unit: `ncb`.")],
    start: Annotated[str, typer.Option("--from", help="From which day (UTC) or moment; from now if not given.")] = "",
    end_: Annotated[
        str, typer.Option("--until", help="Until which day (UTC) or moment; until ended if not given.")
    ] = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Give an officer a role at a unit."""
    from bp_node.administering import roles  # noqa: PLC0415

    roles.give_role(directory, roles.Post(user, role, unit, start, end_), as_json=as_json)


@app.command()
def end(grant: Grant, *, directory: Dir = _HERE, as_json: Json = False) -> None:
    """End a role now."""
    from bp_node.administering import roles  # noqa: PLC0415

    roles.end_role(directory, grant, as_json=as_json)
