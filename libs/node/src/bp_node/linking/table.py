"""A node's lanes as a person reads them, in 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from bp_node.linking.amounts import volume_in_words
from bp_node.linking.words import ago, size_in_words, span_in_words, to_minute
from bp_node.screen import out, say

_COLOURS = {"DOWN": "red", "REVOKED": "red", "HELD": "yellow", "MOVING": "green"}
_REASONS = {
    "QUIET_HOURS": "quiet hours",
    "VOLUME": "the day's volume is spent",
    "REGISTER": "the register is too old",
}
# More than a minute off is worth a look.
_BAD_DRIFT_MILLIS = 60_000


def draw(document: dict[str, Any]) -> None:
    """Writes what `link status` shows."""
    _head(document)
    table = Table("peer", "", "state", "waits", "oldest", "takes", box=None, pad_edge=False, header_style="dim")
    for lane in document["lanes"]:
        there, here = lane["outgoing"], lane["incoming"]
        table.add_row(lane["peer"], "to", _state(there), _waits(there["waiting"]), ago(there["oldest"]), _takes(there))
        table.add_row(_link(lane), "from", _state(here), _waits(here["waiting"], here), "", "")
    out.print(table)
    for lane in document["lanes"]:
        for note in _notes(lane):
            say(f"{lane['peer']}: {note}")
    for one in document["strangersRefused"]:
        say(f"strangers: {_refused(one)}")


def _head(document: dict[str, Any]) -> None:
    register, certificate = document["register"], document["certificate"]
    until = f" until {to_minute(register['freshUntil'])}" if register["freshUntil"] else ""
    say(
        f"[bold]{document['node']}[/bold]: register {register['version']} is {register['freshness'].lower()}{until}, "
        f"{span_in_words(register['ageSeconds'])} old"
    )
    if certificate["daysLeft"] is not None:
        say(f"certificate: {certificate['daysLeft']} days left")


def _link(lane: dict[str, Any]) -> str:
    return "[green]up[/green]" if lane["connected"] else "[red]down[/red]"


def _state(way: dict[str, Any]) -> str:
    colour = _COLOURS.get(way["state"], "dim")
    return f"[{colour}]{way['state'].lower()}[/{colour}]"


def _waits(waiting: Sequence[dict[str, Any]], here: dict[str, Any] | None = None) -> str:
    lines = [f"{one['count']} {one['urgency'].lower()}, {size_in_words(one['sizeBytes'])}" for one in waiting]
    if here and here["files"]:
        lines.append(f"{here['files']} files, {size_in_words(here['sizeBytes'])}")
    return "\n".join(lines) or "nothing"


def _takes(there: dict[str, Any]) -> str:
    if not there["waiting"]:
        return ""
    return "not known" if there["drainSeconds"] is None else span_in_words(there["drainSeconds"])


def _notes(lane: dict[str, Any]) -> list[str]:
    contact = ago(lane["lastContact"])
    notes = [f"last contact {contact} ago" if contact else "no contact yet"]
    if lane["pod"]:
        notes[0] += f", at {lane['pod']}"
    if contact:
        drift = f"clock {lane['driftMillis'] / 1000:+.1f} s"
        notes[0] += f", {f'[red]{drift}[/red]' if abs(lane['driftMillis']) > _BAD_DRIFT_MILLIS else drift}"
    rate = lane["outgoing"]["bytesPerSecond"]
    if rate:
        notes.append(f"took {size_in_words(rate)}/s when last measured, {ago(lane['outgoing']['measured'])} ago")
    for way, doing in (("outgoing", "is held"), ("incoming", "files are not asked for")):
        notes += [_held(one, doing) for one in lane[way]["holds"]]
    for one in lane["spent"]:
        spent, of = one["sizeBytes"], one["bytesPerDay"]
        notes.append(f"{(one['urgency'] or 'link').lower()}: {size_in_words(spent)} of {volume_in_words(of)} spent")
    if aside := lane["outgoing"]["setAside"] + lane["incoming"]["setAside"]:
        notes.append(f"{aside} set aside: see link list-set-aside")
    for one in lane["incoming"]["refused"]:
        notes.append(_refused(one))
    return notes


def _held(hold: dict[str, Any], doing: str) -> str:
    until = f" until {to_minute(hold['until'])}" if hold["until"] else ""
    return f"{hold['urgency'].lower()} {doing}: {_REASONS.get(hold['reason'], hold['reason'].lower())}{until}"


def _refused(one: dict[str, Any]) -> str:
    return f"{one['count']} refused here for {one['ground']}, last {ago(one['last'])} ago"
