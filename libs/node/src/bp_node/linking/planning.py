"""`link plan` and `link set`: what the country allows on its link to a peer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from rich.table import Table

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import lane_service_pb2 as pb
from bluepacific.exchange.v1 import plan_pb2
from bp_client import AsyncBluePacific
from bp_node.failure import CommandError
from bp_node.linking.amounts import (
    NONE,
    hours_in_words,
    hours_of,
    rate_in_words,
    rate_of,
    volume_in_words,
    volume_of,
)
from bp_node.linking.asking import ask
from bp_node.linking.status import urgency_name
from bp_node.screen import errors, out, say, say_json

_WARNINGS = {
    plan_pb2.PLAN_WARNING_FLASH_QUIET: "FLASH has quiet hours: what is most urgent will wait for them to end",
    plan_pb2.PLAN_WARNING_FLASH_VOLUME: "FLASH has a volume: once it is spent, what is most urgent waits for tomorrow",
    plan_pb2.PLAN_WARNING_FLASH_SLOW: "FLASH is so slow that one message takes longer than ten seconds",
}


@dataclass(frozen=True)
class Change:
    """What to change of a plan.

    Attributes:
        urgency: Of which rule: `BULK`; empty for the whole link.
        rate: The new one as written, `none` for no limit; None leaves it. So are the others.
        volume: A day.
        quiet: Each of the quiet hours.
        time_zone: By its IANA name.
        clear: Take the rule away, or all of them where no urgency is named, before anything else.
    """

    urgency: str = ""
    rate: str | None = None
    volume: str | None = None
    quiet: tuple[str, ...] = ()
    time_zone: str | None = None
    clear: bool = False


def show_plan(directory: Path, peer: str, *, as_json: bool) -> None:
    """Shows the plan of the link to a peer.

    Raises:
        CommandError: The node does not answer, or the peer must be named.
    """

    async def get(client: AsyncBluePacific) -> plan_pb2.Plan:
        return await client.exchange.lanes.GetPlan(pb.GetPlanRequest(peer=await _peer(client, peer)))

    _show(ask(directory, "auditor", get), as_json=as_json)


def set_plan(directory: Path, peer: str, change: Change, *, as_json: bool) -> None:
    """Changes the plan of the link to a peer; a running link obeys it within seconds.

    Raises:
        CommandError: The node does not answer, or what was given cannot be.
    """
    urgency = _urgency(change.urgency)

    async def update(client: AsyncBluePacific) -> plan_pb2.Plan:
        plan = await client.exchange.lanes.GetPlan(pb.GetPlanRequest(peer=await _peer(client, peer)))
        _apply(plan, urgency, change)
        request = pb.UpdatePlanRequest(plan=plan, update_mask=FieldMask(paths=["time_zone", "rules"]))
        return await client.exchange.lanes.UpdatePlan(request)

    _show(ask(directory, "administrator", update), as_json=as_json)


async def _peer(client: AsyncBluePacific, peer: str) -> str:
    """A country's node has one peer, which need not be named."""
    if peer:
        return peer
    lanes = (await client.exchange.lanes.GetLanes(pb.GetLanesRequest())).lanes
    if len(lanes) != 1:
        known = ", ".join(lane.peer for lane in lanes) or "none yet"
        raise CommandError(f"name the peer; this node's are: {known}")
    return lanes[0].peer


def _urgency(name: str) -> handling_pb2.Urgency.ValueType:
    try:
        return handling_pb2.Urgency.Value(f"URGENCY_{name.upper()}") if name else handling_pb2.URGENCY_UNSPECIFIED
    except ValueError:
        raise CommandError(f"{name} is no urgency: FLASH, URGENT, ROUTINE or BULK") from None


def _apply(plan: plan_pb2.Plan, urgency: handling_pb2.Urgency.ValueType, change: Change) -> None:
    rule = plan_pb2.PlanRule(urgency=urgency)
    others = [one for one in plan.rules if one.urgency != urgency]
    if not change.clear:
        for one in plan.rules:
            if one.urgency == urgency:
                rule.CopyFrom(one)
    elif not change.urgency:
        others = []
    if change.rate is not None:
        rule.bytes_per_second = rate_of(change.rate)
    if change.volume is not None:
        rule.bytes_per_day = volume_of(change.volume)
    if change.quiet:
        given = [hours_of(text) for text in change.quiet if text.lower() != NONE]
        del rule.quiet_hours[:]
        rule.quiet_hours.extend(given)
    if change.time_zone is not None:
        plan.time_zone = change.time_zone
    del plan.rules[:]
    plan.rules.extend([*others, rule])


def _show(plan: plan_pb2.Plan, *, as_json: bool) -> None:
    if as_json:
        say_json(_document(plan))
        return
    if not plan.rules:
        say(f"to {plan.peer} everything goes as fast as the link takes it (time zone {plan.time_zone})")
        return
    say(
        f"[bold]{plan.peer}[/bold], hours and days of {plan.time_zone}; each rule for what is sent and for files asked for"
    )
    table = Table("for", "at most", "a day", "quiet")
    for rule in plan.rules:
        table.add_row(
            _name(rule.urgency),
            rate_in_words(rule.bytes_per_second) if rule.bytes_per_second else "",
            volume_in_words(rule.bytes_per_day) if rule.bytes_per_day else "",
            "\n".join(hours_in_words(hours) for hours in rule.quiet_hours),
        )
    out.print(table)
    for warning in plan.warnings:
        errors.print(
            f"[yellow]careful:[/yellow] {_WARNINGS.get(warning, 'this plan has a warning that this command does not know')}"
        )


def _name(urgency: handling_pb2.Urgency.ValueType) -> str:
    return urgency_name(urgency) if urgency else "whole link, but FLASH"


def _document(plan: plan_pb2.Plan) -> dict[str, Any]:
    return {
        "peer": plan.peer,
        "timeZone": plan.time_zone,
        "rules": [
            {
                "urgency": urgency_name(rule.urgency) if rule.urgency else None,
                "bytesPerSecond": rule.bytes_per_second or None,
                "bytesPerDay": rule.bytes_per_day or None,
                "quiet": [hours_in_words(hours) for hours in rule.quiet_hours],
            }
            for rule in plan.rules
        ],
        "warnings": [plan_pb2.PlanWarning.Name(one).removeprefix("PLAN_WARNING_") for one in plan.warnings],
    }
