"""`bluepacific access ...`: who may do what with which record, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bp_node.commands.node import Dir, Json

app = typer.Typer(no_args_is_help=True, help="Who may do what with which record, and by which rule.")
_HERE = Path("node")


@app.command()
def explain(
    *,
    who: Annotated[str, typer.Option(help="An officer of the own country: `ana`, or `countries/FJI/officers/ana`.")],
    what: Annotated[str, typer.Option(help="The request or reply: `countries/FJI/requests/...`.")],
    act: Annotated[str, typer.Option(help="find, read, export, notify, reply or forward.")] = "read",
    purpose: Annotated[str, typer.Option(help="What for: `INVESTIGATION`; none is stated if not given.")] = "",
    to: Annotated[str, typer.Option(help="For forward: code of the country that it would go to.")] = "",
    language: Annotated[str, typer.Option(help="en, fr, es or ar.")] = "en",
    directory: Dir = _HERE,
    as_json: Json = False,
) -> None:
    """Say whether an officer may do something with a record of this running node, and which rules decide it."""
    from bp_node import explaining  # noqa: PLC0415 - help must come at once

    asked = explaining.Asked(who=who, what=what, act=act, purpose=purpose, to=to, language=language)
    explaining.explain(directory, asked, as_json=as_json)
