"""`bluepacific log ...`: who did what with requests and replies, for the data-protection officer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bp_node.commands.node import Json

app = typer.Typer(
    no_args_is_help=True, help="For the data-protection officer: who sent, received, opened and decided what."
)


@app.command("list")
def list_(
    *,
    gateway: Annotated[str, typer.Option(help="URL of the country's gateway.")] = "http://127.0.0.1:8080",
    user: Annotated[str, typer.Option(help="Who asks: a data-protection officer's id.")],
    password_file: Annotated[
        Path | None, typer.Option(help="Holds the password; `-` for standard input; asked for if not given.")
    ] = None,
    totp: Annotated[str, typer.Option(help="The code of the moment, where the account has one.")] = "",
    filter_: Annotated[
        str,
        typer.Option("--filter", help="Over principal, act, subject, outcome, purpose, log_time: 'act:\"Recall\"'."),
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many entries at most.")] = 50,
    as_json: Json = False,
) -> None:
    """List what people and units of the country did, newest first: who, what, about which record, for which purpose."""
    from bp_node import log  # noqa: PLC0415 - help must come at once

    password = log.password_of(password_file)
    log.list_entries(gateway, user, password, totp, filter_=filter_, limit=limit, as_json=as_json)
