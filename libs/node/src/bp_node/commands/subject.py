"""`bluepacific subject ...`: everything about a person, everywhere, for data-protection officers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bp_node.commands.node import Dir, Json

app = typer.Typer(
    no_args_is_help=True,
    help="Everything about a person, at this node and every node that holds copies: find, report, block, correct, erase.",
)
_HERE = Path("node")
Officer = Annotated[str, typer.Option(help="One of the own people: `ana`, or `countries/FJI/officers/ana`.")]
Name = Annotated[str, typer.Option("--name", help="Somebody's name as records have it; capital letters aside.")]
Identifier = Annotated[str, typer.Option(help="A number or address of the person's: passport, telephone.")]
Records = Annotated[list[str] | None, typer.Option("--record", help="Only this record; may be given again.")]
Reason = Annotated[str, typer.Option(help="Why: the number of a letter or an order, never the person's name.")]
Wait = Annotated[float, typer.Option(help="Seconds to wait for answers; nodes may be dark for longer.", min=0)]


@app.command()
def find(
    *,
    officer: Officer = "",
    name: Name = "",
    identifier: Identifier = "",
    wait: Wait = 10,
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Ask every service what it holds about a person, and every node that was sent it."""
    _act(directory, "FIND", officer, name, identifier, wait=wait, as_json=as_json)


@app.command()
def report(
    operation: Annotated[str, typer.Argument(help="An operation: its id, or its name.")],
    *,
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Show an operation: who was asked, what was found and how it stands, who has not answered."""
    from bp_node.administering import subjects  # noqa: PLC0415 - help must come at once

    subjects.report(directory, operation, as_json=as_json)


@app.command("list")
def list_(
    *,
    filter_: Annotated[str, typer.Option("--filter", help="Over state, act and officer: 'state = \"RUNNING\"'.")] = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """List operations, newest first."""
    from bp_node.administering import subjects  # noqa: PLC0415 - as above

    subjects.list_operations(directory, filter_, as_json=as_json)


def _changes(act: str, told: str) -> None:
    """Adds a command that does one act to what is held about a person."""

    @app.command(act.lower(), help=told)
    def change(
        *,
        reason: Reason,
        officer: Officer = "",
        name: Name = "",
        identifier: Identifier = "",
        record: Records = None,
        wait: Wait = 10,
        directory: Dir = _HERE,
        as_json: Json = False,
    ) -> None:
        _act(directory, act, officer, name, identifier, record, reason, wait=wait, as_json=as_json)


_changes("BLOCK", "Let nobody but data-protection officers read it.")
_changes("UNBLOCK", "Let it be read again.")


@app.command()
def correct(
    *,
    reason: Reason,
    right: Annotated[
        list[str], typer.Option("--set", help="`family_name=Rabuka`; also given_name, email; for --name: display_name.")
    ],
    officer: Officer = "",
    name: Name = "",
    identifier: Identifier = "",
    record: Records = None,
    wait: Wait = 10,
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Put it right, also where copies are."""
    _act(directory, "CORRECT", officer, name, identifier, record, reason, right, wait=wait, as_json=as_json)


_changes("ERASE", "Destroy its content, also where copies are; stubs stay, so that proofs still verify.")
_changes("HOLD", "Keep it from being erased: a court or an inquiry needs it.")
_changes("RELEASE", "End a hold.")


@app.command()
def save(
    *,
    to: Annotated[Path, typer.Option(help="The file to make or to replace; names of records, and of nobody.")],
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Write which records were erased or blocked, to be kept with the backups."""
    from bp_node.administering import repeating  # noqa: PLC0415 - as above

    repeating.save(directory, to, as_json=as_json)


@app.command()
def repeat(
    file: Annotated[Path, typer.Argument(help="From `subject save`.")],
    *,
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """After a restore: erase and block again what was erased and blocked since the backup."""
    from bp_node.administering import repeating  # noqa: PLC0415 - as above

    repeating.repeat(directory, file, as_json=as_json)


def _act(  # noqa: PLR0917 - one for each option
    directory: Path,
    act: str,
    officer: str,
    name: str,
    identifier: str,
    records: list[str] | None = None,
    reason: str = "",
    right: list[str] | None = None,
    *,
    wait: float,
    as_json: bool,
) -> None:
    from bp_node.administering import subjects  # noqa: PLC0415 - as above

    wanted = subjects.Wanted(act, officer, name, identifier, tuple(records or ()), reason, tuple(right or ()))
    subjects.act(directory, wanted, wait, as_json=as_json)
