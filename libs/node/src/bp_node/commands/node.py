"""`bluepacific node ...`: making, enrolling, running and looking at one node."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Make, enrol, run and look at a node.")

Dir = Annotated[Path, typer.Option("--dir", help="The node's folder.", show_default=True)]
Json = Annotated[bool, typer.Option("--json", help="Write JSON for scripts.")]
_HERE = Path("node")


@app.command()
def init(
    *,
    country: Annotated[str, typer.Option(help="ISO 3166-1 alpha-3 code: FJI.")],
    directory: Dir = _HERE,
    node_id: Annotated[str, typer.Option(help="Short name in the register; the country in lower case if empty.")] = "",
    centre: Annotated[bool, typer.Option("--centre", help="This node keeps the register and relays.")] = False,
    host: Annotated[str, typer.Option(help="Address the gateway listens on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port the gateway listens on.")] = 8080,
    public_url: Annotated[str, typer.Option(help="Where people reach the gateway; http://HOST:PORT if empty.")] = "",
    link: Annotated[str, typer.Option(help="host:port of the centre's link.")] = "127.0.0.1:8101",
    smtp: Annotated[str, typer.Option(help="host:port of the mail server.")] = "127.0.0.1:25",
    mail_from: Annotated[str, typer.Option(help="Sender of e-mails.")] = "noreply@bluepacific.example",
    as_json: Json = False,
) -> None:
    """Make a node: its folder for this user only, its keys, and node.toml."""
    from bp_node import making  # noqa: PLC0415 - as all below: help must come at once

    wish = making.Wish(
        folder=directory,
        country=country,
        node_id=node_id or country.lower(),
        centre=centre,
        host=host,
        port=port,
        public_url=public_url or f"http://{host}:{port}",
        link=link,
        smtp=smtp,
        mail_from=mail_from,
    )
    making.init(wish, as_json=as_json)


@app.command()
def invite(
    node_id: Annotated[str, typer.Argument(help="Short name of the new node: fji.")],
    *,
    country: Annotated[list[str], typer.Option(help="Country it will serve; repeat for several.")],
    by: Annotated[
        str, typer.Option("--by", help="Who invites it; another person must then confirm it before it is a member.")
    ] = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """At the centre: make the one-time token that lets a new node in."""
    from bp_node import enrolling  # noqa: PLC0415

    enrolling.invite(directory, node_id, tuple(country), by=by, as_json=as_json)


@app.command()
def confirm(
    node_id: Annotated[str, typer.Argument(help="Short name of the node that has enrolled: fji.")],
    *,
    fingerprint: Annotated[str, typer.Option(help="Its six words, as the person at the node reads them out.")],
    by: Annotated[str, typer.Option("--by", help="Who confirms it: not the person who invited it.")],
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """At the centre: make a node a member that has enrolled, once a second person has compared its words."""
    from bp_node import confirming  # noqa: PLC0415

    confirming.confirm(directory, node_id, fingerprint, by, as_json=as_json)


@app.command()
def renew(*, directory: Dir = _HERE, as_json: Json = False) -> None:
    """Get new certificates from the centre now. The running node does so by itself long before they expire."""
    from bp_node import renewing  # noqa: PLC0415

    renewing.renew(directory, rotate=False, compromised=False, as_json=as_json)


@app.command("rotate-keys")
def rotate_keys(
    *,
    directory: Dir = _HERE,
    compromised: Annotated[
        bool, typer.Option("--compromised", help="The keys are in wrong hands: retire them at once, without overlap.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Give this node new keys; the old ones open and prove what is old. Its fingerprint changes: tell the centre the new words."""
    from bp_node import renewing  # noqa: PLC0415

    if not yes:
        typer.confirm("Replace this node's keys?", abort=True, err=True)
    renewing.renew(directory, rotate=True, compromised=compromised, as_json=as_json)


@app.command()
def enrol(
    *,
    token: Annotated[str, typer.Option(help="The one-time token; - reads it from standard input.")],
    record: Annotated[
        Path | None, typer.Option(help="Write the record to print and sign there, too; as HTML where it ends in .html.")
    ] = None,
    language: Annotated[str, typer.Option(help="Of the record: en, fr, es or ar.")] = "en",
    read_by: Annotated[
        str, typer.Option(help="Who reads the words aloud at this node; a line to write on if empty.")
    ] = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Let this node into the network, and show the words that two people compare."""
    from bp_node import enrolling  # noqa: PLC0415

    enrolling.enrol(directory, token, enrolling.Papers(record, language, read_by), as_json=as_json)


@app.command()
def revoke(
    node_id: Annotated[str, typer.Argument(help="Short name of the node in the register: fji.")],
    *,
    directory: Dir = _HERE,
    unit: Annotated[str, typer.Option(help="Only this unit of it: countries/FJI/units/tcu.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """At the centre: cut a node or a unit off for good. Every node hears of it ahead of everything else."""
    from bp_node import revoking  # noqa: PLC0415

    if not yes:
        typer.confirm(f"Cut {unit or node_id} off? It can come back only by a new enrolment.", abort=True, err=True)
    revoking.revoke(directory, node_id, unit, as_json=as_json)


@app.command()
def people(
    file: Annotated[Path, typer.Argument(help="JSON: units, officers and OAuth clients.")],
    *,
    directory: Dir = _HERE,
    passwords: Annotated[Path, typer.Option(help="Where generated passwords are added, for this user only.")],
    as_json: Json = False,
) -> None:
    """Set up a country's units and first people on a node that is not running. Repeating it changes nothing."""
    from bp_node import planting  # noqa: PLC0415

    planting.plant(directory, file, passwords, as_json=as_json)


@app.command()
def up(*, directory: Dir = _HERE, as_json: Json = False) -> None:
    """Run the node until it is told to stop."""
    from bp_node import running  # noqa: PLC0415

    running.up(directory, as_json=as_json)


@app.command()
def status(*, directory: Dir = _HERE, as_json: Json = False) -> None:
    """Show whether the node runs, and its links."""
    from bp_node import status as shown  # noqa: PLC0415

    shown.status(directory, as_json=as_json)
