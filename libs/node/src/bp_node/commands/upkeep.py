"""`bluepacific node ...`: what keeps a node alive for years: backups, the service, and finding what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bp_node.commands.node import Dir, Json

_HERE = Path("node")
_UNITS = Path("/etc/systemd/system")
PassphraseFile = Annotated[
    Path | None, typer.Option(help="Its first line is the passphrase; only you may read it. Asked for when not given.")
]
Volumes = Annotated[
    Path | None,
    typer.Option(help="In a pod on Kubernetes: where the volumes of all services are; --dir is then scratch space."),
]


def backup(
    *,
    to: Annotated[
        Path, typer.Option(help="The archive to make, not there yet; or a folder, where its name has the time.")
    ],
    directory: Dir = _HERE,
    passphrase_file: PassphraseFile = None,
    keep: Annotated[int, typer.Option(min=0, help="How many archives of that folder stay; 0: all.")] = 0,
    volumes: Volumes = None,
    as_json: Json = False,
) -> None:
    """Copy the whole node, running or not, as it is at one moment, into one encrypted archive."""
    from bp_node.backup import saving  # noqa: PLC0415 - as all below: help must come at once

    saving.backup(directory, to, passphrase_file, volumes=volumes, keep=keep, as_json=as_json)


def restore(
    archive: Annotated[Path, typer.Argument(help="What `node backup` made.")],
    *,
    directory: Annotated[Path, typer.Option("--dir", help="The node's folder; not there yet.")],
    passphrase_file: PassphraseFile = None,
    volumes: Volumes = None,
    as_json: Json = False,
) -> None:
    """Make a node's folder of a backup; the node gets a new incarnation, and everybody has to sign in again."""
    from bp_node.backup import restoring  # noqa: PLC0415

    restoring.restore(archive, directory, passphrase_file, volumes=volumes, as_json=as_json)


def install_service(
    *,
    directory: Dir = _HERE,
    user: Annotated[
        str, typer.Option(help="Whom it runs as; the folder's owner when not given, below /var/lib one made up.")
    ] = "",
    unit_folder: Annotated[Path, typer.Option("--unit-dir", help="Where systemd looks for units.")] = _UNITS,
    only_print: Annotated[bool, typer.Option("--print", help="Show the unit and write nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Write the systemd unit that runs the node from boot, with as few rights as it needs."""
    from bp_node.systemd import installing  # noqa: PLC0415

    installing.install(directory, user, unit_folder, only_print=only_print, as_json=as_json)


def doctor(*, directory: Dir = _HERE, as_json: Json = False) -> None:
    """Find what is wrong, the most important first, each with the command that mends it. Fails when something cannot wait."""
    from bp_node.doctor import examining  # noqa: PLC0415

    examining.doctor(directory, as_json=as_json)


def resend(*, directory: Dir = _HERE, as_json: Json = False) -> None:
    """Hand over once more what was refused for good, once its cause is mended."""
    from bp_node import resending  # noqa: PLC0415

    resending.resend(directory, as_json=as_json)
