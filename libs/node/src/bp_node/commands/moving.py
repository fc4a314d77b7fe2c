"""`bluepacific node move`: a service from one of its node's places to the other."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from bp_node.commands.node import Json


class Place(StrEnum):
    """Where a service of a country can stand."""

    LOCAL = "local"
    CENTRAL = "central"


def move(
    service: Annotated[str, typer.Argument(help="Its short name: training.")],
    *,
    to: Annotated[Place, typer.Option(help="Where it shall stand: in the country, or at the centre.")],
    back: Annotated[bool, typer.Option("--back", help="Give up the move to there that has not arrived.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only look whether it can be done, and how long it takes.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Move a service with all its data to its node's other place. Run it in the service's pod; safe to be run again."""
    from bp_node.moving import command  # noqa: PLC0415 - help must come at once

    command.run(service, to.value, back=back, dry_run=dry_run, as_json=as_json)
