"""`node doctor`: all checks, in order of importance."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bluepacific.exchange.v1 import exchange_service_pb2
from bp_client import Problem
from bp_kit.ports import system_clock
from bp_node.doctor import data_checks, folder_checks, log_checks, network_checks
from bp_node.doctor.finding import CannotLookError, Finding, Patient
from bp_node.failure import EXIT_FAILED, CommandError
from bp_node.operator import operating
from bp_node.screen import say, say_json, working
from bp_node.settings import NodeSettings, load

Check = Callable[[Patient], Iterator[Finding] | AsyncIterator[Finding]]
_ANSWER_SECONDS = 20.0
# The most important first; within one urgency findings stand in this order.
CHECKS: dict[str, Check] = {
    "keys": folder_checks.check_keys,
    "rights": folder_checks.check_rights,
    "disk": folder_checks.check_disk,
    "databases": data_checks.check_schemas,
    "running": network_checks.check_running,
    "enrolment": network_checks.check_enrolment,
    "clock": network_checks.check_clock,
    "links": network_checks.check_links,
    "register": network_checks.check_register,
    "log": log_checks.check_logs,
    "outboxes": data_checks.check_outboxes,
    "mail": network_checks.check_mail,
    "backup": folder_checks.check_backup,
}


@dataclass
class Diagnosis:
    """Findings with the names of their checks, the urgent first; and the checks that could not be done, with why."""

    findings: list[tuple[str, Finding]] = field(default_factory=list)
    not_done: dict[str, str] = field(default_factory=dict)


def doctor(directory: Path, *, as_json: bool) -> None:
    """Examines the node of a folder.

    Raises:
        CommandError: There is no node, or something urgent was found.
    """
    settings = load(directory)
    with working(f"examining {settings.node_id}", quiet=as_json):
        diagnosis = asyncio.run(_examined(settings))
    urgent = sum(finding.urgent for _, finding in diagnosis.findings)
    if as_json:
        say_json(_document(settings, diagnosis))
    else:
        _draw(settings, diagnosis)
    if urgent:
        needs = "1 thing needs" if urgent == 1 else f"{urgent} things need"
        raise CommandError(f"{settings.node_id}: {needs} you now", EXIT_FAILED)


async def _examined(settings: NodeSettings) -> Diagnosis:
    return await examine(await meet(settings))


async def meet(settings: NodeSettings) -> Patient:
    """Returns the patient: whether it runs, and what it answers."""
    running, answer, silence = is_held(settings.folder), None, ""
    # Asking needs a key of identity; where there is none, one must not be made by asking.
    if running and folder_checks.has_signing_key(settings.place("keys")):
        try:
            async with asyncio.timeout(_ANSWER_SECONDS), operating(settings, "auditor") as client:
                asked = exchange_service_pb2.GetExchangeStatusRequest()
                answer = await client.exchange.exchanges.GetExchangeStatus(asked)
        except TimeoutError:
            silence = f"nothing came within {_ANSWER_SECONDS:.0f} s"
        except Problem as problem:
            silence = problem.detail
    return Patient(settings, system_clock(), running, answer, silence)


def is_held(place: Path) -> bool:
    """Tells whether a process runs the node of a folder."""
    try:
        with (place / "run" / "lock").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


async def examine(patient: Patient) -> Diagnosis:
    """Does all checks; one that breaks does not keep the others from being done."""
    diagnosis = Diagnosis()
    for name, check in CHECKS.items():
        try:
            found = check(patient)
            findings = [one async for one in found] if isinstance(found, AsyncIterator) else list(found)
        except CannotLookError as why:
            diagnosis.not_done[name] = str(why)
        except OSError as error:
            diagnosis.not_done[name] = (error.strerror or str(error)).lower()
        else:
            diagnosis.findings += [(name, finding) for finding in findings]
    diagnosis.findings.sort(key=lambda one: not one[1].urgent)
    return diagnosis


def _document(settings: NodeSettings, diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "node": settings.node_id,
        "healthy": not diagnosis.findings and not diagnosis.not_done,
        "findings": [
            {"check": name, "urgent": one.urgent, "what": one.what, "mend": one.mend}
            for name, one in diagnosis.findings
        ],
        "notDone": diagnosis.not_done,
        "done": [name for name in CHECKS if name not in diagnosis.not_done],
    }


def _draw(settings: NodeSettings, diagnosis: Diagnosis) -> None:
    from rich.markup import escape  # noqa: PLC0415 - only where a person reads

    for number, (_, one) in enumerate(diagnosis.findings, 1):
        mark = "[red]now[/red] " if one.urgent else "[yellow]soon[/yellow]"
        say(f"{number}. {mark} {escape(one.what)}")
        say(f"        [bold]{escape(one.mend)}[/bold]")
    for name, why in diagnosis.not_done.items():
        say(f"not looked at: {name}, for {escape(why)}")
    if not diagnosis.findings and not diagnosis.not_done:
        say(f"{settings.node_id} is well: {len(CHECKS)} checks found nothing")
