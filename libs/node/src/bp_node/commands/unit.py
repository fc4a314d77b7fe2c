"""`bluepacific unit ...`: the units of the own country."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bp_node.commands.node import Dir, Json

app = typer.Typer(no_args_is_help=True, help="The units of the country; every country's directory hears of a change.")
_HERE = Path("node")
Unit = Annotated[str, typer.Argument(help="A unit: `ncb`, or `countries/FJI/units/ncb`.")]
_KINDS = "ncb, transnational-crime-unit, customs, academy, immigration, maritime, coordination-centre, police or other."


@app.command("list")
def list_(
    *,
    filter_: Annotated[str, typer.Option("--filter", help="Over kind and state: 'kind = \"NCB\"'.")] = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """List the country's units."""
    from bp_node.administering import units  # noqa: PLC0415 - as all below: help must come at once

    units.list_units(directory, filter_, as_json=as_json)


@app.command()
def show(unit: Unit, *, directory: Dir = _HERE, as_json: Json = False) -> None:
    """Show a unit."""
    from bp_node.administering import units  # noqa: PLC0415

    units.show_unit(directory, unit, as_json=as_json)


@app.command()
def create(
    unit: Unit,
    *,
    display_name: Annotated[str, typer.Option(help="What people call it.")],
    kind: Annotated[str, typer.Option(help=_KINDS)],
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Create a unit."""
    from bp_node.administering import units  # noqa: PLC0415

    units.create_unit(directory, unit, {"display_name": display_name, "kind": kind}, as_json=as_json)


@app.command()
def change(
    unit: Unit,
    *,
    display_name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    kind: Annotated[str | None, typer.Option(help=_KINDS)] = None,
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Change a unit; what is not given stays."""
    from bp_node.administering import units  # noqa: PLC0415

    said = {"display_name": display_name, "kind": kind}
    units.change_unit(
        directory, unit, {name: value for name, value in said.items() if value is not None}, as_json=as_json
    )


@app.command()
def end(unit: Unit, *, directory: Dir = _HERE, as_json: Json = False) -> None:
    """Take a unit out of service; the roles held there no longer count."""
    from bp_node.administering import units  # noqa: PLC0415

    units.end_unit(directory, unit, as_json=as_json)


@app.command()
def restore(unit: Unit, *, directory: Dir = _HERE, as_json: Json = False) -> None:
    """Put a unit back into service."""
    from bp_node.administering import units  # noqa: PLC0415

    units.restore_unit(directory, unit, as_json=as_json)
