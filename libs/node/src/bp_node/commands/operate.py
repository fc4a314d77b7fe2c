"""Commands beside `node`: settings, migrations, traces, and the region for trying out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bp_node.commands.node import Dir, Json

config = typer.Typer(no_args_is_help=True, help="Look at a node's settings.")
_HERE = Path("node")
_REGION = Path(".state/region")
State = Annotated[Path, typer.Option("--state", help="The region's state folder.")]


@config.command("show")
def config_show(
    *,
    directory: Dir = _HERE,
    redacted: Annotated[bool, typer.Option("--redacted/--plain", help="Hide secrets and passwords in URLs.")] = True,
    as_json: Json = False,
) -> None:
    """Show the settings in force: of the node and of each of its services."""
    from bp_node import looking  # noqa: PLC0415 - as all below: help must come at once

    looking.show_settings(directory, redacted=redacted, as_json=as_json)


def migrate(*, directory: Dir = _HERE, as_json: Json = False) -> None:
    """Bring the databases of a node that is not running to this release, after a copy of each."""
    from bp_node import running  # noqa: PLC0415

    running.migrate(directory, as_json=as_json)


def trace(
    trace_id: Annotated[str, typer.Argument(help="32 hexadecimal digits, as errors and responses show them.")],
    *,
    under: Annotated[
        list[Path] | None, typer.Option("--dir", help="A node's folder, or a folder of nodes; repeat for several.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what one click caused, on all nodes whose folders are here, as a tree."""
    from bp_node import looking  # noqa: PLC0415

    looking.show_trace(trace_id, tuple(under or (_REGION,)), as_json=as_json)


def region(
    *,
    state: State = _REGION,
    base_port: Annotated[
        int, typer.Option(min=1, max=65000, help="Centre's gateway; +1 its link, +2 gRPC; Fiji +100, Tonga +200.")
    ] = 8100,
    smtp_port: Annotated[int, typer.Option(min=1, max=65535, help="Of the mail catcher.")] = 8025,
    as_json: Json = False,
) -> None:
    """Run three nodes on this machine, the centre, Fiji and Tonga, until Ctrl-C."""
    from bp_node.region import command  # noqa: PLC0415

    command.run(state, base_port, smtp_port, as_json=as_json)


def scenario(*, state: State = _REGION, as_json: Json = False) -> None:
    """Play one working day through the gateways of the running region; fails when a promise is broken."""
    from bp_node.scenario import command  # noqa: PLC0415

    command.run(state, as_json=as_json)
