"""`bluepacific client ...`: programs that sign people in, or act by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bp_node.commands.node import Dir, Json

app = typer.Typer(no_args_is_help=True, help="OAuth clients: frontends, terminals, and services of integrators.")
_HERE = Path("node")
Client = Annotated[str, typer.Argument(help="A client: `portal`, or `countries/FJI/clients/portal`.")]
Redirects = Annotated[
    list[str] | None, typer.Option("--redirect", help="Where a browser's codes may be sent; repeat for several.")
]
Grants = Annotated[
    list[str] | None, typer.Option("--grant", help="What a service may be, and where: analyst@tcu; repeat for several.")
]
Scopes = Annotated[
    list[str] | None,
    typer.Option("--scope", help="What a service's tokens are narrowed to: cooperation.read; repeat for several."),
]
Expires = Annotated[
    str | None, typer.Option(help="Day (UTC) or moment from when on a service gets no tokens: 2027-03-31.")
]


@app.command("list")
def list_(
    *,
    filter_: Annotated[str, typer.Option("--filter", help="Over kind and state: 'kind = \"SERVICE\"'.")] = "",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """List the country's clients."""
    from bp_node.administering import clients  # noqa: PLC0415 - as all below: help must come at once

    clients.list_clients(directory, filter_, as_json=as_json)


@app.command()
def show(client: Client, *, directory: Dir = _HERE, as_json: Json = False) -> None:
    """Show a client; nobody can show its secret."""
    from bp_node.administering import clients  # noqa: PLC0415

    clients.show_client(directory, client, as_json=as_json)


@app.command()
def create(
    client: Client,
    *,
    display_name: Annotated[str, typer.Option(help="What people call it; shown on the sign-in page.")],
    kind: Annotated[str, typer.Option(help="browser, terminal or service.")],
    redirect: Redirects = None,
    grant: Grants = None,
    scope: Scopes = None,
    expires: Expires = None,
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Create a client; a service gets its secret from `client rotate`."""
    from bp_node.administering import clients  # noqa: PLC0415

    wish = clients.Wish(display_name, kind, redirect, grant, expires, scope)
    clients.create_client(directory, client, wish, as_json=as_json)


@app.command()
def change(
    client: Client,
    *,
    display_name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    redirect: Redirects = None,
    grant: Grants = None,
    scope: Scopes = None,
    expires: Expires = None,
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Change a client; what is not given stays, what is given replaces all that there was of it."""
    from bp_node.administering import clients  # noqa: PLC0415

    wish = clients.Wish(display_name, None, redirect, grant, expires, scope)
    clients.change_client(directory, client, wish, as_json=as_json)


@app.command()
def end(client: Client, *, directory: Dir = _HERE, as_json: Json = False) -> None:
    """Refuse a client from now on, and end the sessions that it opened."""
    from bp_node.administering import clients  # noqa: PLC0415

    clients.end_client(directory, client, as_json=as_json)


@app.command()
def rotate(
    client: Client,
    *,
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=720, help="How long the old secret works besides the new one; 0 if it has leaked.")
    ] = 24,
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Make a new secret for a service, shown this once; the old one works on for a while, so that nothing stops."""
    from bp_node.administering import clients  # noqa: PLC0415

    clients.rotate_secret(directory, client, overlap_hours, as_json=as_json)
