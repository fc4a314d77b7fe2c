"""`link status`: what waits for each peer, how long it takes, and what is awaited from it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.table import Table

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import exchange_service_pb2, lane_service_pb2
from bp_node.linking.asking import ask
from bp_node.screen import out, say, say_json


def status(directory: Path, *, as_json: bool) -> None:
    """Shows the lanes.

    Raises:
        CommandError: There is no node, or it does not answer.
    """
    lanes = ask(directory, "auditor", lambda client: client.exchange.lanes.GetLanes(lane_service_pb2.GetLanesRequest()))
    document = _document(lanes)
    if as_json:
        say_json(document)
    else:
        _draw(document)


def urgency_name(urgency: handling_pb2.Urgency.ValueType) -> str:
    """Returns `FLASH` for URGENCY_FLASH."""
    return handling_pb2.Urgency.Name(urgency).removeprefix("URGENCY_")


def size_in_words(size: int) -> str:
    """Returns a size for a person: `3.1 MiB`."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:  # noqa: PLR2004 - bytes
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"


def moment(message: Any, field: str) -> str | None:
    """Returns a time of a message as JSON writes it; None where it is not set."""
    return getattr(message, field).ToJsonString() if message.HasField(field) else None


def to_second(time: str | None) -> str:
    """Returns a time for a person; empty where there is none."""
    return f"{time[:19]}Z" if time else ""


def _document(lanes: lane_service_pb2.Lanes) -> dict[str, Any]:
    return {
        "node": lanes.node_id,
        "register": {
            "version": lanes.register_version,
            "freshness": exchange_service_pb2.RegisterFreshness.Name(lanes.register_freshness).rpartition("_")[2],
            "freshUntil": moment(lanes, "register_expire_time"),
        },
        "lanes": [_lane(one) for one in lanes.lanes],
    }


def _lane(lane: lane_service_pb2.Lane) -> dict[str, Any]:
    there, here = lane.outgoing, lane.incoming
    return {
        "peer": lane.peer,
        "connected": lane.connected,
        "revoked": lane.revoked,
        "lastContact": moment(lane, "last_contact_time"),
        "driftMillis": lane.drift_millis,
        "outgoing": {
            "waiting": [
                {"urgency": urgency_name(one.urgency), "count": one.count, "sizeBytes": one.size_bytes}
                for one in there.waiting
            ],
            "oldest": moment(there, "oldest_time"),
            "nextItem": there.next_item_id or None,
            "bytesPerSecond": there.bytes_per_second or None,
            "measured": moment(there, "measure_time"),
            "drainSeconds": there.drain_seconds if there.HasField("drain_seconds") else None,
            "setAside": there.set_aside,
        },
        "incoming": {
            "files": here.files,
            "sizeBytes": here.size_bytes,
            "setAside": here.set_aside,
            "refused": [
                {"ground": one.ground, "count": one.count, "last": moment(one, "last_time")} for one in here.refusals
            ],
        },
    }


def _draw(document: dict[str, Any]) -> None:
    register = document["register"]
    say(
        f"[bold]{document['node']}[/bold]: register {register['version']} is {register['freshness'].lower()}, "
        f"until {register['freshUntil'] or 'it is enrolled'}"
    )
    table = Table(
        "peer", "link", "last contact", "drift", "waits for it", "oldest", "takes", "awaited", "set aside", "refused"
    )
    for lane in document["lanes"]:
        there, here = lane["outgoing"], lane["incoming"]
        link = "[green]up[/green]" if lane["connected"] else "[red]down[/red]"
        waiting = [
            f"{one['count']} {one['urgency'].lower()} ({size_in_words(one['sizeBytes'])})" for one in there["waiting"]
        ]
        table.add_row(
            lane["peer"],
            "[red]revoked[/red]" if lane["revoked"] else link,
            to_second(lane["lastContact"]) or "never",
            f"{lane['driftMillis']} ms",
            "\n".join(waiting) or "nothing",
            to_second(there["oldest"]),
            _takes(there),
            f"{here['files']} files ({size_in_words(here['sizeBytes'])})" if here["files"] else "nothing",
            str(there["setAside"] + here["setAside"]),
            "\n".join(f"{one['count']} {one['ground']}" for one in here["refused"]),
        )
    out.print(table)


def _takes(there: dict[str, Any]) -> str:
    if not there["waiting"]:
        return ""
    if there["drainSeconds"] is None:
        return "not known yet"
    rate = size_in_words(there["bytesPerSecond"])
    return f"{timedelta(seconds=there['drainSeconds'])} at {rate}/s"
