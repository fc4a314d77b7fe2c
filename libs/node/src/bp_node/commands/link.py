"""`bluepacific link ...`: what waits for the node's peers, what was set aside, and removable media."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bp_node.commands.node import Dir, Json

app = typer.Typer(
    no_args_is_help=True, help="Look after the lanes to a running node's peers, and carry what is owed by stick."
)
_HERE = Path("node")
Item = Annotated[str, typer.Argument(help="The item's id, as `link status` and `link list-set-aside` show it.")]
Peer = Annotated[str, typer.Option(help="Node id of the peer: ptccc.")]


@app.command()
def status(
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Show it again every two seconds, until Ctrl-C.")] = False,
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Show, per peer and direction: state, what waits, the oldest, how long it takes, what holds it; clock, register, certificate."""
    from bp_node.linking import status as shown  # noqa: PLC0415 - as all below: help must come at once

    shown.status(directory, watch=watch, as_json=as_json)


@app.command("set")
def set_(
    peer: Annotated[str, typer.Argument(help="Node id of the peer: ptccc; not needed where there is only one.")] = "",
    *,
    urgency: Annotated[str, typer.Option(help="FLASH, URGENT, ROUTINE or BULK; the whole link if empty.")] = "",
    rate: Annotated[str | None, typer.Option(help="At most: 64kbit/s, 8kB/s; none for no limit.")] = None,
    volume: Annotated[str | None, typer.Option(help="A day: 200MB/day; none for no limit.")] = None,
    quiet: Annotated[
        list[str] | None,
        typer.Option(
            help="When nothing goes: 08:00-17:00, 'mon-fri 08:00-17:00'; repeat for several; none for no hours."
        ),
    ] = None,
    time_zone: Annotated[str | None, typer.Option(help="Of hours and days: Pacific/Fiji.")] = None,
    clear: Annotated[
        bool, typer.Option("--clear", help="Take that urgency's rule away; all of them if none is named.")
    ] = False,
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Set rate, volume a day and quiet hours of the link to a peer. FLASH obeys only a rule of its own; what is not named stays."""
    from bp_node.linking import planning  # noqa: PLC0415

    change = planning.Change(urgency, rate, volume, tuple(quiet or ()), time_zone, clear)
    planning.set_plan(directory, peer, change, as_json=as_json)


@app.command()
def plan(
    peer: Annotated[str, typer.Argument(help="Node id of the peer: ptccc; not needed where there is only one.")] = "",
    *,
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Show what `link set` has set for the link to a peer."""
    from bp_node.linking import planning  # noqa: PLC0415

    planning.show_plan(directory, peer, as_json=as_json)


@app.command("list-set-aside")
def list_set_aside(*, peer: Peer = "", directory: Dir = _HERE, as_json: Json = False) -> None:
    """Show the items that were set aside: refused by their peer, or taken out of the lane by hand."""
    from bp_node.linking import lanes  # noqa: PLC0415

    lanes.list_set_aside(directory, peer, as_json=as_json)


@app.command("set-aside")
def set_aside(
    item: Item,
    *,
    peer: Peer,
    reason: Annotated[str, typer.Option(help="For whoever looks at it later; nothing of a case.")],
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Take an item out of the lane, so that what is behind it moves on. It is still owed; its sender hears nothing."""
    from bp_node.linking import lanes  # noqa: PLC0415

    lanes.set_aside(directory, peer, item, reason, as_json=as_json)


@app.command()
def retry(
    *,
    peer: Peer,
    item: Annotated[str, typer.Option(help="One item by id; all of the peer's, and its files, if empty.")] = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Put set-aside items back into their lane, in their old place."""
    from bp_node.linking import lanes  # noqa: PLC0415

    lanes.retry(directory, peer, item, as_json=as_json)


@app.command()
def export(
    *,
    to: Annotated[Path, typer.Option(help="A folder, such as the stick's, or the file to make.")],
    peer: Annotated[str, typer.Option(help="Node id of the peer; every peer if empty.")] = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Write everything that is owed to a peer onto a removable medium, sealed as on the wire. It stays owed until acknowledged."""
    from bp_node.linking import exporting  # noqa: PLC0415

    exporting.export(directory, to, peer, as_json=as_json)


@app.command("import")
def import_(
    sources: Annotated[list[Path], typer.Argument(help="Files that a peer exported, or the folder they are in.")],
    *,
    acks: Annotated[
        Path | None, typer.Option(help="Folder for what to carry back; beside each file if not given.")
    ] = None,
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Take what a peer exported, in any order and as often as one likes; writes the acknowledgement to carry back."""
    from bp_node.linking import importing  # noqa: PLC0415

    importing.import_files(directory, tuple(sources), acks, as_json=as_json)
