"""`bluepacific proof ...`: what a node can prove of a message, for anybody to check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bp_node.commands.node import Dir, Json

app = typer.Typer(no_args_is_help=True, help="Export what a running node can prove of a message.")
_HERE = Path("node")
To = Annotated[Path, typer.Option(help="The file to make; not there yet.")]


@app.command()
def export(
    message: Annotated[str, typer.Argument(help="The message's id.")],
    *,
    to: To,
    with_content: Annotated[
        bool, typer.Option("--with-content", help="The content too, in clear; only where it can be opened.")
    ] = False,
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Write envelope, receipts, places in the log and register as one file, which `bluepacific-verify` checks."""
    from bp_node import proving  # noqa: PLC0415 - as below: help must come at once

    proving.export(directory, message, to, with_content=with_content, as_json=as_json)


@app.command()
def root(*, to: To, directory: Dir = _HERE, as_json: Json = False) -> None:
    """Write the register's root, which `bluepacific-verify` needs; compare it with another node's."""
    from bp_node import proving  # noqa: PLC0415

    proving.root(directory, to, as_json=as_json)
