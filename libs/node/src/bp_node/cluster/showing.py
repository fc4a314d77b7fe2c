"""`bluepacific cluster status`: one screen."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from bp_kit.ports import system_clock
from bp_node.cluster.connecting import Place, connected
from bp_node.cluster.picture import Backups, Picture, look
from bp_node.screen import out, say, say_json

_SOON_DAYS = 30


def status(context: str, place: Place, *, as_json: bool) -> None:
    """Shows a node's services, certificates, volumes and last backup.

    Raises:
        CommandError: The cluster does not answer, or there is no such node.
    """
    with connected(context) as cluster:
        picture = look(cluster, place, system_clock())
    if as_json:
        say_json(picture.document())
    else:
        _draw(picture)


def _draw(picture: Picture) -> None:
    say(f"[bold]{picture.node}[/bold]")
    days = {one.service: one.days for one in picture.certificates}
    table = Table("service", "pods", "restarts", "certificate", "image", "what is wrong")
    for one in picture.services:
        colour = "green" if one.ready == one.wanted else "red"
        left = days.get(one.name)
        table.add_row(
            one.name,
            f"[{colour}]{one.ready} of {one.wanted}[/{colour}]",
            str(one.restarts),
            "" if left is None else f"[{'yellow' if left < _SOON_DAYS else 'default'}]{left} days[/]",
            one.image,
            escape(one.trouble),
        )
    out.print(table)
    volumes = Table("volume", "state", "size")
    for volume in picture.volumes:
        volumes.add_row(volume.name, volume.state, volume.size)
    out.print(volumes)
    out.print(f"last backup: {_age(picture.backups)}")


def _age(backups: Backups | None) -> str:
    if backups is None:
        return "none are set up"
    age = "never" if backups.hours is None else f"{backups.hours} hours ago"
    return f"{age}; {f'scheduled {backups.schedule} UTC' if backups.schedule else 'by hand alone'}"
