"""`config show` and `trace`: what a node is told, and what one click caused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, SecretStr
from rich.text import Text
from rich.tree import Tree

from bp_node import spantree
from bp_node.failure import CommandError
from bp_node.screen import out, say_json
from bp_node.settings import load

_TRACE_ID = re.compile(r"[0-9a-f]{32}")
_SECRET = re.compile(r"password|secret|token(?!_lifetime)|private", re.IGNORECASE)
_HIDDEN = "[redacted]"
_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red")


def show_settings(directory: Path, *, redacted: bool, as_json: bool) -> None:
    """Shows the settings in force.

    Raises:
        CommandError: There is no node, or a setting cannot be.
    """
    from bp_gateway.settings import GatewaySettings  # noqa: PLC0415 - all services, only here
    from bp_node.http import gateway_settings  # noqa: PLC0415
    from bp_node.services import NAMES, settings_of  # noqa: PLC0415

    settings = load(directory)
    gateway: GatewaySettings = gateway_settings(settings)
    sections: dict[str, BaseModel] = {"node": settings, "gateway": gateway}
    sections |= {name: settings_of(name, settings) for name in NAMES}
    shown = {name: _plain(model, redacted=redacted) for name, model in sections.items()}
    shown["node"].pop("services")
    if as_json:
        say_json(shown)
        return
    for name, values in shown.items():
        out.print(f"[bold]{name}[/bold]")
        for key, value in values.items():
            out.print(f"  {key} = {value}", markup=False, soft_wrap=True)


def _plain(model: BaseModel, *, redacted: bool) -> dict[str, Any]:
    found = model.model_dump(mode="json")
    if redacted:
        return {key: _hidden(key, value) for key, value in found.items()}
    secrets = {key: value.get_secret_value() for key, value in model if isinstance(value, SecretStr)}
    return {**found, **secrets}


def _hidden(key: str, value: Any) -> Any:
    if value and isinstance(value, str | bytes) and _SECRET.search(key):
        return _HIDDEN
    if isinstance(value, str) and "://" in value and urlsplit(value).password:
        parts = urlsplit(value)
        return urlunsplit(parts._replace(netloc=f"{parts.username}:{_HIDDEN}@{parts.netloc.rpartition('@')[2]}"))
    if isinstance(value, dict):
        return {name: _hidden(name, one) for name, one in value.items()}
    return value


def show_trace(trace_id: str, folders: tuple[Path, ...], *, as_json: bool) -> None:
    """Shows a trace.

    Raises:
        CommandError: It is not a trace id, or no store has it.
    """
    trace_id = trace_id.removeprefix("urn:trace:").lower()
    if not _TRACE_ID.fullmatch(trace_id):
        raise CommandError(f"{trace_id} is no trace id: 32 hexadecimal digits are")
    roots = spantree.grow(spantree.stores_under(folders), trace_id)
    if not roots:
        raise CommandError(f"no node here has spans of trace {trace_id}; it may be too old, or was not kept")
    if as_json:
        nodes = spantree.nodes_of(roots)
        say_json({"traceId": trace_id, "nodes": nodes, "spans": [spantree.document_of(root) for root in roots]})
    else:
        out.print(tree_of(trace_id, roots))


def tree_of(trace_id: str, roots: list[spantree.Branch]) -> Tree:
    """Returns the trace as rich draws it: node, service, what was done, when after the click, how long."""
    nodes = spantree.nodes_of(roots)
    colours = {node: _COLOURS[number % len(_COLOURS)] for number, node in enumerate(nodes)}
    begun = min(root.span.start_ns for root in roots)
    tree = Tree(f"trace [bold]{trace_id}[/bold] on {', '.join(nodes)}")
    for root in roots:
        _draw(tree, root, colours, begun)
    return tree


def _draw(tree: Tree, branch: spantree.Branch, colours: dict[str, str], begun: int) -> None:
    span = branch.span
    after = (span.start_ns - begun) / 1_000_000
    failed = " [red]failed[/red]" if span.status == "ERROR" else ""
    service = span.scope.removeprefix("bp_")
    name = span.name.removeprefix("bluepacific.")
    times = f"[dim]+{after:.0f} ms, {branch.millis:.1f} ms[/]{failed}"
    label = Text.from_markup(f"[{colours[span.node]}]{span.node}[/] {service}  {times}  {name}")
    # Cut at the window's edge: a tree with wrapped lines is none.
    label.no_wrap, label.overflow = True, "ellipsis"
    twig = tree.add(label)
    for one in branch.branches:
        _draw(twig, one, colours, begun)
