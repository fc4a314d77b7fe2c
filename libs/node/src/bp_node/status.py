"""`node status`: whether a node runs, and its links, asked of its own gateway."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from rich.table import Table

from bluepacific.exchange.v1 import exchange_service_pb2, log_pb2
from bp_client import Problem
from bp_node import folder
from bp_node.failure import EXIT_FAILED, CommandError
from bp_node.operator import operating
from bp_node.screen import out, say, say_json
from bp_node.settings import NodeSettings, load

_DAY_SECONDS = 86_400


def status(directory: Path, *, as_json: bool) -> None:
    """Shows a node's state.

    Raises:
        CommandError: There is no node, or it does not answer.
    """
    settings = load(directory)
    run = folder.read_run_file(settings.folder)
    try:
        answer = asyncio.run(_ask(settings))
    except Problem as problem:
        if as_json:
            say_json({"node": settings.node_id, "running": False, "reason": problem.reason})
        raise CommandError(f"{settings.node_id} does not answer: {problem.detail}", EXIT_FAILED) from problem
    document = _document(settings, run, answer)
    if as_json:
        say_json(document)
    else:
        _draw(document)


async def _ask(settings: NodeSettings) -> exchange_service_pb2.ExchangeStatus:
    async with operating(settings, "auditor") as client:
        return await client.exchange.exchanges.GetExchangeStatus(exchange_service_pb2.GetExchangeStatusRequest())


def _document(
    settings: NodeSettings, run: dict[str, Any], answer: exchange_service_pb2.ExchangeStatus
) -> dict[str, Any]:
    return {
        "node": settings.node_id,
        "running": True,
        "pid": run.get("pid"),
        "url": run.get("url"),
        "fingerprint": answer.fingerprint,
        "register": {
            "version": answer.register_version,
            "freshness": exchange_service_pb2.RegisterFreshness.Name(answer.register_freshness).rpartition("_")[2],
            "ageSeconds": answer.register_age_seconds,
        },
        "certificateExpires": _time(answer.certificate_expire_time),
        "renewalFailure": answer.renewal_failure,
        "log": {
            "size": answer.log_size,
            "root": answer.log_root,
            "lastCosigned": _time(answer.last_cosign_time),
            "witnesses": [one.witness for one in answer.cosignatures],
            "alarms": [
                {"node": one.node_id, "kind": log_pb2.LogAlarmKind.Name(one.kind).removeprefix("LOG_ALARM_KIND_")}
                for one in answer.log_alarms
            ],
        },
        "waitToBeConfirmed": [
            {"node": one.node_id, "fingerprint": one.fingerprint, "invitedBy": one.invited_by}
            for one in answer.candidates
        ],
        "links": [
            {
                "peer": link.peer,
                "fingerprint": link.fingerprint,
                "connected": link.connected,
                "lastContact": link.last_contact_time.ToJsonString() if link.HasField("last_contact_time") else None,
                "waiting": dict(sorted(link.waiting.items())),
                "setAside": link.set_aside,
                "driftMillis": link.drift_millis,
            }
            for link in answer.links
        ],
    }


def _time(moment: Timestamp) -> str | None:
    return moment.ToJsonString() if moment.seconds else None


def _draw(document: dict[str, Any]) -> None:
    register = document["register"]
    say(f"[bold]{document['node']}[/bold] runs as process {document['pid']} at {document['url']}")
    say(f"fingerprint: {document['fingerprint']}")
    log, days = document["log"], register["ageSeconds"] // _DAY_SECONDS
    mark = "[red]" if register["freshness"] == "EMERGENCY" else ""
    say(f"{mark}register {register['version']} ({register['freshness'].lower()}, {days} days old)")
    seen = (
        f"last cosigned {log['lastCosigned']} by {', '.join(log['witnesses'])}"
        if log["witnesses"]
        else "not cosigned yet"
    )
    say(f"log of {log['size']} entries, {seen}")
    for alarm in log["alarms"]:
        say(
            f"[red]the log of {alarm['node']}: {alarm['kind'].lower().replace('_', ' ')}[/red], see docs/runbooks/log-alarm.md"
        )
    say(f"the link's certificate holds until {document['certificateExpires'] or 'nothing: not enrolled'}")
    if document["renewalFailure"]:
        say(f"it was not renewed: {document['renewalFailure']}")
    for one in document["waitToBeConfirmed"]:
        say(f"{one['node']} waits to be confirmed: {one['fingerprint']} (invited by {one['invitedBy']})")
    table = Table("peer", "fingerprint", "link", "last contact", "waiting", "clock drift")
    for link in document["links"]:
        waiting = ", ".join(f"{count} {urgency.lower()}" for urgency, count in link["waiting"].items() if count)
        connected = "[green]up[/green]" if link["connected"] else "[red]down[/red]"
        table.add_row(
            link["peer"],
            link["fingerprint"],
            connected,
            link["lastContact"] or "never",
            waiting or "nothing",
            f"{link['driftMillis']} ms",
        )
    out.print(table)
