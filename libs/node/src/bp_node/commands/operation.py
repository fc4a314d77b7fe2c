"""`bluepacific operation ...`: joint operations and who takes part, each command under somebody's own name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bp_node.commands.decide import As, PasswordFile, Totp, person_of_option
from bp_node.commands.node import Dir, Json

app = typer.Typer(no_args_is_help=True, help="Joint operations: what belongs to one is for those alone who take part.")
members = typer.Typer(no_args_is_help=True, help="The officers, of any country, who take part in an operation.")
app.add_typer(members, name="member")
_HERE = Path("node")
Operation = Annotated[str, typer.Argument(help="As `operation list` shows it, or its last part.")]
Officer = Annotated[str, typer.Argument(help="`ana`, or of another country `countries/TON/officers/mele`.")]
Filter = Annotated[str, typer.Option("--filter", help="Over what is shown: 'unit = \"countries/FJI/units/ncb\"'.")]
Until = Annotated[str, typer.Option("--until", help="Until which day (UTC) or moment; not decided if not given.")]


@app.command("list")
def list_(
    *,
    filter_: Filter = "",
    who: As,
    password_file: PasswordFile = None,
    totp: Totp = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """List the operations that somebody takes part in, or whose unit they head, newest first."""
    from bp_node.administering import operations  # noqa: PLC0415 - as all below: help must come at once

    operations.list_operations(directory, filter_, person_of_option(who, password_file, totp), as_json=as_json)


@app.command()
def show(
    operation: Operation,
    *,
    who: As,
    password_file: PasswordFile = None,
    totp: Totp = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Show one operation."""
    from bp_node.administering import operations  # noqa: PLC0415

    operations.show_operation(directory, operation, person_of_option(who, password_file, totp), as_json=as_json)


@app.command()
def create(
    display_name: Annotated[str, typer.Argument(help="What its members call it.")],
    *,
    unit: Annotated[str, typer.Option(help="The unit that leads it: `ncb`; the person's only one if not given.")] = "",
    until: Until = "",
    who: As,
    password_file: PasswordFile = None,
    totp: Totp = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Make an operation; whoever makes it takes part."""
    from bp_node.administering import operations  # noqa: PLC0415

    plan = operations.Plan(display_name, unit, until)
    operations.make_operation(directory, plan, person_of_option(who, password_file, totp), as_json=as_json)


@app.command()
def update(
    operation: Operation,
    *,
    display_name: Annotated[str, typer.Option(help="What its members call it from now on.")] = "",
    until: Annotated[str, typer.Option("--until", help="Until which day (UTC) or moment; `never`: not decided.")] = "",
    who: As,
    password_file: PasswordFile = None,
    totp: Totp = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Change what an operation is called, or when it ends."""
    from bp_node.administering import operations  # noqa: PLC0415

    plan = operations.Plan(display_name, "", until)
    person = person_of_option(who, password_file, totp)
    operations.change_operation(directory, operation, plan, person, as_json=as_json)


@members.command("list")
def list_members(
    operation: Operation,
    *,
    filter_: Annotated[str, typer.Option("--filter", help="'country = \"TON\"' for those of one country.")] = "",
    who: As,
    password_file: PasswordFile = None,
    totp: Totp = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """List who takes part: all of them where it is led, elsewhere those of the own country."""
    from bp_node.administering import operations  # noqa: PLC0415

    person = person_of_option(who, password_file, totp)
    operations.list_members(directory, operation, filter_, person, as_json=as_json)


@members.command()
def add(
    operation: Operation,
    officer: Officer,
    *,
    until: Until = "",
    who: As,
    password_file: PasswordFile = None,
    totp: Totp = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Let an officer take part; their node is told."""
    from bp_node.administering import operations  # noqa: PLC0415

    person = person_of_option(who, password_file, totp)
    operations.add_member(directory, operation, officer, until, person, as_json=as_json)


@members.command()
def remove(
    operation: Operation,
    officer: Officer,
    *,
    who: As,
    password_file: PasswordFile = None,
    totp: Totp = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """End an officer's part; their node is told ahead of other traffic."""
    from bp_node.administering import operations  # noqa: PLC0415

    person = person_of_option(who, password_file, totp)
    operations.remove_member(directory, operation, officer, person, as_json=as_json)
