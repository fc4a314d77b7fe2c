"""`node init`: a node's folder, keys and settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bp_node import folder
from bp_node.enrolling import make_keys
from bp_node.failure import CommandError
from bp_node.screen import say, say_json
from bp_node.settings import FILE, checked, save


@dataclass(frozen=True)
class Wish:
    """What `node init` was asked for; `smtp` and `link` are `host:port`."""

    folder: Path
    country: str
    node_id: str
    centre: bool
    host: str
    port: int
    public_url: str
    link: str
    smtp: str
    mail_from: str


def init(wish: Wish, *, as_json: bool) -> None:
    """Makes the node.

    Raises:
        CommandError: There is one already, the folder cannot be made, or a value cannot be.
    """
    if (wish.folder / FILE).exists():
        raise CommandError(f"there is a node in {wish.folder} already; choose another --dir")
    smtp_host, smtp_port = split_address(wish.smtp, "--smtp")
    split_address(wish.link, "--link")
    settings = checked(
        wish.folder,
        {
            "node_id": wish.node_id,
            "country": wish.country,
            "countries": [wish.country],
            "centre": wish.centre,
            "host": wish.host,
            "port": wish.port,
            "public_url": wish.public_url,
            "link": wish.link,
            "smtp_host": smtp_host,
            "smtp_port": smtp_port,
            "mail_from": wish.mail_from,
        },
    )
    folder.make(settings.folder)
    fingerprint = make_keys(settings)
    # Last, so that a folder with settings is a whole node.
    save(settings)
    if as_json:
        say_json({"node": settings.node_id, "dir": str(settings.folder), "fingerprint": fingerprint})
        return
    say(f"made node {settings.node_id} in {settings.folder}")
    say(f"fingerprint of its keys: [bold]{fingerprint}[/bold]")
    if not settings.centre:
        say("next: `bluepacific node enrol` with the one-time token from the centre")


def split_address(text: str, option: str) -> tuple[str, int]:
    """Returns host and port of `host:port`.

    Raises:
        CommandError: It is not one.
    """
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:  # noqa: PLR2004
        raise CommandError(f"{option} must be host:port, not {text}")
    return host, int(port)
