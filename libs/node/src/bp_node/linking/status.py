"""`link status`: per peer and direction what waits, how long it takes and what holds it; the register, the clock and the certificate."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import exchange_service_pb2, lane_service_pb2, plan_pb2
from bp_client import AsyncBluePacific
from bp_node.linking.asking import ask
from bp_node.linking.table import draw
from bp_node.linking.words import days_until, moment
from bp_node.screen import out, say_json

_WATCH_SECONDS = 2.0

Shown = tuple[lane_service_pb2.Lanes, exchange_service_pb2.ExchangeStatus]


def status(directory: Path, *, watch: bool = False, as_json: bool) -> None:
    """Shows the lanes, once or until interrupted.

    Args:
        directory: The node's folder.
        watch: Show them again every two seconds.
        as_json: Write JSON, a line each time.

    Raises:
        CommandError: There is no node, or it does not answer.
    """
    try:
        while True:
            document = _document(*ask(directory, "auditor", _both))
            if watch and not as_json:
                out.clear()
            _show(document, as_json=as_json)
            if not watch:
                return
            time.sleep(_WATCH_SECONDS)
    except KeyboardInterrupt:
        if not watch:
            raise


def urgency_name(urgency: handling_pb2.Urgency.ValueType) -> str:
    """Returns `FLASH` for URGENCY_FLASH."""
    return handling_pb2.Urgency.Name(urgency).removeprefix("URGENCY_")


async def _both(client: AsyncBluePacific) -> Shown:
    exchange = client.exchange
    return (
        await exchange.lanes.GetLanes(lane_service_pb2.GetLanesRequest()),
        await exchange.exchanges.GetExchangeStatus(exchange_service_pb2.GetExchangeStatusRequest()),
    )


def _show(document: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json(document)
    else:
        draw(document)


def _document(lanes: lane_service_pb2.Lanes, node: exchange_service_pb2.ExchangeStatus) -> dict[str, Any]:
    expires = moment(node, "certificate_expire_time")
    return {
        "node": lanes.node_id,
        "register": {
            "version": lanes.register_version,
            "freshness": exchange_service_pb2.RegisterFreshness.Name(lanes.register_freshness).rpartition("_")[2],
            "freshUntil": moment(lanes, "register_expire_time"),
            "ageSeconds": node.register_age_seconds,
        },
        "certificate": {"expires": expires, "daysLeft": days_until(expires)},
        "lanes": [_lane(one) for one in lanes.lanes],
        "strangersRefused": _refused(lanes.stranger_refusals),
    }


def _lane(lane: lane_service_pb2.Lane) -> dict[str, Any]:
    return {
        "peer": lane.peer,
        "connected": lane.connected,
        "pod": lane.pod or None,
        "revoked": lane.revoked,
        "lastContact": moment(lane, "last_contact_time"),
        "driftMillis": lane.drift_millis,
        "outgoing": _outgoing(lane.outgoing),
        "incoming": _incoming(lane.incoming),
        "spent": [
            {
                "urgency": urgency_name(one.urgency) if one.urgency else None,
                "sizeBytes": one.size_bytes,
                "bytesPerDay": one.bytes_per_day,
            }
            for one in lane.spent_volumes
        ],
    }


def _outgoing(there: lane_service_pb2.OutgoingLane) -> dict[str, Any]:
    return {
        "state": _state(there.state),
        "waiting": _waiting(there.waiting),
        "oldest": moment(there, "oldest_time"),
        "nextItem": there.next_item_id or None,
        "bytesPerSecond": there.bytes_per_second or None,
        "measured": moment(there, "measure_time"),
        "drainSeconds": there.drain_seconds if there.HasField("drain_seconds") else None,
        "holds": _holds(there.holds),
        "setAside": there.set_aside,
    }


def _incoming(here: lane_service_pb2.IncomingLane) -> dict[str, Any]:
    return {
        "state": _state(here.state),
        "waiting": _waiting(here.waiting),
        "told": moment(here, "tell_time"),
        "files": here.files,
        "sizeBytes": here.size_bytes,
        "holds": _holds(here.holds),
        "setAside": here.set_aside,
        "refused": _refused(here.refusals),
    }


def _refused(refusals: Any) -> list[dict[str, Any]]:
    return [{"ground": one.ground, "count": one.count, "last": moment(one, "last_time")} for one in refusals]


def _state(state: lane_service_pb2.LaneState.ValueType) -> str:
    return lane_service_pb2.LaneState.Name(state).removeprefix("LANE_STATE_")


def _waiting(waiting: Any) -> list[dict[str, Any]]:
    return [{"urgency": urgency_name(one.urgency), "count": one.count, "sizeBytes": one.size_bytes} for one in waiting]


def _holds(holds: Any) -> list[dict[str, Any]]:
    return [
        {
            "urgency": urgency_name(one.urgency),
            "reason": plan_pb2.HoldReason.Name(one.reason).removeprefix("HOLD_REASON_"),
            "until": moment(one, "until_time"),
        }
        for one in holds
    ]
