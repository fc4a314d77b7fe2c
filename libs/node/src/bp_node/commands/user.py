"""`bluepacific user ...`: the people of the own country."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bp_node.commands.node import Dir, Json

app = typer.Typer(no_args_is_help=True, help="The people of the country: who there is, who joins, changes and leaves.")
_HERE = Path("node")
User = Annotated[str, typer.Argument(help="An officer: `ana`, or `countries/FJI/officers/ana`.")]
GivenName = Annotated[str | None, typer.Option(help="Given name.")]
FamilyName = Annotated[str | None, typer.Option(help="Family name.")]
Email = Annotated[str | None, typer.Option(help="E-mail address; also a user name for sign-in.")]
Gender = Annotated[str | None, typer.Option(help="female, male, other or undisclosed; for participation counts only.")]
Language = Annotated[str | None, typer.Option(help="Preferred language: en, fr, es, ar.")]
Clearance = Annotated[int | None, typer.Option(min=0, max=3, help="How far the country has cleared the person.")]


@app.command("list")
def list_(
    *,
    filter_: Annotated[
        str, typer.Option("--filter", help="Over state, family_name, email, language: 'state = \"ACTIVE\"'.")
    ] = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """List the country's officers."""
    from bp_node.administering import users  # noqa: PLC0415 - as all below: help must come at once

    users.list_users(directory, filter_, as_json=as_json)


@app.command()
def show(user: User, *, directory: Dir = _HERE, as_json: Json = False) -> None:
    """Show an officer and the roles ever held."""
    from bp_node.administering import users  # noqa: PLC0415

    users.show_user(directory, user, as_json=as_json)


@app.command()
def create(
    user: User,
    *,
    given_name: GivenName = None,
    family_name: FamilyName = None,
    email: Email = None,
    gender: Gender = None,
    language: Language = None,
    clearance: Clearance = None,
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Create an officer, who can sign in once `user password` gave a first password."""
    from bp_node.administering import users  # noqa: PLC0415

    fields = _given(given_name, family_name, email, gender, language, clearance)
    users.create_user(directory, user, fields, as_json=as_json)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="XLSX or CSV: officer_id, given_name, family_name, email, and more.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen, row by row.")] = False,
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Take the people of a table over, with their roles: all of them, or none where a row is at fault."""
    from bp_node.administering import importing  # noqa: PLC0415

    importing.import_users(directory, file, dry_run=dry_run, as_json=as_json)


@app.command()
def change(
    user: User,
    *,
    given_name: GivenName = None,
    family_name: FamilyName = None,
    email: Email = None,
    gender: Gender = None,
    language: Language = None,
    clearance: Clearance = None,
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Change what is said about an officer; what is not given stays."""
    from bp_node.administering import users  # noqa: PLC0415

    fields = _given(given_name, family_name, email, gender, language, clearance)
    users.change_user(directory, user, fields, as_json=as_json)


@app.command()
def end(user: User, *, directory: Dir = _HERE, as_json: Json = False) -> None:
    """Let an officer who leaves sign in no more; all sessions end, the record stays."""
    from bp_node.administering import users  # noqa: PLC0415

    users.end_user(directory, user, as_json=as_json)


@app.command()
def restore(user: User, *, directory: Dir = _HERE, as_json: Json = False) -> None:
    """Let an officer who has come back sign in again."""
    from bp_node.administering import users  # noqa: PLC0415

    users.restore_user(directory, user, as_json=as_json)


@app.command()
def password(user: User, *, directory: Dir = _HERE, as_json: Json = False) -> None:
    """Give an officer a temporary password to hand over; sessions end, and one-time codes and passkeys are forgotten."""
    from bp_node.administering import users  # noqa: PLC0415

    users.give_password(directory, user, as_json=as_json)


def _given(  # noqa: PLR0917 - one for each option
    given_name: str | None,
    family_name: str | None,
    email: str | None,
    gender: str | None,
    language: str | None,
    clearance: int | None,
) -> dict[str, str | int]:
    said = {
        "given_name": given_name,
        "family_name": family_name,
        "email": email,
        "gender": gender,
        "language": language,
        "clearance": clearance,
    }
    return {name: value for name, value in said.items() if value is not None}
