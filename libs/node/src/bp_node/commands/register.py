"""`bluepacific register ...`: the keys of the register's root, held by members and kept off line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bp_node.commands.node import Dir, Json

app = typer.Typer(no_args_is_help=True, help="The keys that the whole network's trust hangs on; kept off line.")
keys = typer.Typer(no_args_is_help=True, help="Make keys.")
app.add_typer(keys, name="keys")
_HERE = Path("node")
Passphrase = Annotated[
    Path | None, typer.Option("--passphrase-file", help="Its first line is the passphrase; asked for when not given.")
]


@keys.command("new")
def new(
    *,
    to: Annotated[Path, typer.Option(help="The key's file, encrypted; FILE.pub beside it is its public half.")],
    passphrase_file: Passphrase = None,
    as_json: Json = False,
) -> None:
    """Make a key of the root, on a machine without network; its holder keeps it, the .pub file goes to the centre."""
    from bp_node import registering  # noqa: PLC0415 - as below: help must come at once

    registering.new_key(to, passphrase_file, as_json=as_json)


@app.command("rotate-root")
def rotate_root(
    *,
    key: Annotated[list[Path], typer.Option(help="A .pub file of each holder; repeat.")],
    threshold: Annotated[int, typer.Option(min=1, max=50, help="How many of them must sign from now on.")],
    to: Annotated[Path, typer.Option(help="The new root, to be signed; not there yet.")],
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """At the centre: write a new root with other keys. It counts when holders of the old and of the new root have signed it."""
    from bp_node import registering  # noqa: PLC0415

    registering.rotate_root(directory, tuple(key), threshold, to, as_json=as_json)


@app.command()
def sign(
    file: Annotated[Path, typer.Argument(help="The root that is to be signed; the signature is added to it.")],
    *,
    key: Annotated[Path | None, typer.Option(help="The holder's key file.")] = None,
    directory: Annotated[
        Path | None, typer.Option("--dir", help="The centre's folder, to sign with the key it was founded with.")
    ] = None,
    passphrase_file: Passphrase = None,
    as_json: Json = False,
) -> None:
    """Sign a new root, on any machine: with a holder's key, or with the one that the network was founded with."""
    from bp_node import registering  # noqa: PLC0415

    registering.sign(file, key, directory, passphrase_file, as_json=as_json)


@app.command()
def publish(
    file: Annotated[Path, typer.Argument(help="The signed root.")],
    *,
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """At the centre: make a signed root the network's; every node follows it by itself."""
    from bp_node import registering  # noqa: PLC0415

    registering.publish(directory, file, as_json=as_json)
