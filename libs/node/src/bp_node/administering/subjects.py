"""`subject ...`: what `SubjectService` does, and its operations as a person reads them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bluepacific.common.v1 import subject_pb2
from bluepacific.identity.v1 import subject_operation_pb2 as operation_pb2
from bluepacific.identity.v1 import subject_service_pb2 as pb
from bp_node.administering.calling import Administration, administer, every
from bp_node.administering.showing import document, show_all
from bp_node.failure import CommandError
from bp_node.screen import say, say_json

ROLE, _PURPOSE = "data_protection_officer", "DATA_PROTECTION"
_COLUMNS = ("name", "act", "state", "officer", "createTime", "reason")
_LOOK_SECONDS = 0.5
_DONE = operation_pb2.SUBJECT_OPERATION_STATE_DONE


@dataclass(frozen=True)
class Wanted:
    """What is to be done, as it was typed."""

    act: str
    officer: str
    name: str
    identifier: str
    records: tuple[str, ...]
    reason: str
    right: tuple[str, ...]


def act(directory: Path, wanted: Wanted, wait: float, *, as_json: bool) -> None:
    """Begins an operation, waits for its answers for a while, and shows it.

    Raises:
        CommandError: The node does not run, or refused; then nothing was begun.
    """
    corrections = [_correction(one) for one in wanted.right]

    async def begun(at: Administration) -> operation_pb2.SubjectOperation:
        subjects = subjects_of(at)
        operation = operation_pb2.SubjectOperation(
            act=subject_pb2.SubjectAct.Value(f"SUBJECT_ACT_{wanted.act}"),
            subject=subject_pb2.Subject(
                officer=at.name_of("officers", wanted.officer) if wanted.officer else "",
                display_name=wanted.name,
                identifier=wanted.identifier,
            ),
            records=wanted.records,
            corrections=corrections,
            reason=wanted.reason,
        )
        request = pb.CreateSubjectOperationRequest(parent=at.country, subject_operation=operation)
        begun = await subjects.CreateSubjectOperation(request)
        until = time.monotonic() + wait
        while begun.state != _DONE and time.monotonic() < until:
            await asyncio.sleep(_LOOK_SECONDS)
            begun = await subjects.GetSubjectOperation(pb.GetSubjectOperationRequest(name=begun.name))
        return begun  # type: ignore[no-any-return]

    _show(administer(directory, begun, role=ROLE), as_json=as_json)


def report(directory: Path, operation: str, *, as_json: bool) -> None:
    """Shows an operation.

    Raises:
        CommandError: See `administer`.
    """

    async def found(at: Administration) -> operation_pb2.SubjectOperation:
        request = pb.GetSubjectOperationRequest(name=at.name_of("subjectOperations", operation))
        return await subjects_of(at).GetSubjectOperation(request)  # type: ignore[no-any-return]

    _show(administer(directory, found, role=ROLE), as_json=as_json)


def list_operations(directory: Path, filter_: str, *, as_json: bool) -> None:
    """Shows operations.

    Raises:
        CommandError: See `administer`.
    """

    async def found(at: Administration) -> list[Any]:
        request = pb.ListSubjectOperationsRequest(parent=at.country, filter=filter_)
        return await every(subjects_of(at).ListSubjectOperations, request, "subject_operations")

    show_all("operations", administer(directory, found, role=ROLE), _COLUMNS, as_json=as_json)


def subjects_of(at: Administration) -> Any:
    """Returns the service, called for data protection."""
    return at.client.asking(purpose=_PURPOSE).identity.subjects


def _correction(typed: str) -> subject_pb2.Correction:
    field, said, value = typed.partition("=")
    if not said:
        raise CommandError(f"--set: {typed} is not of the form family_name=Rabuka")
    return subject_pb2.Correction(field=field, value=value)


def _show(operation: operation_pb2.SubjectOperation, *, as_json: bool) -> None:
    if as_json:
        say_json(document(operation))
        return
    word = subject_pb2.SubjectAct.Name(operation.act).removeprefix("SUBJECT_ACT_").lower()
    waiting = [one for one in operation.answers if not one.HasField("answer_time")]
    say(f"{operation.name}: {word}, {'everybody has answered' if not waiting else f'{len(waiting)} have not answered'}")
    for answer in operation.answers:
        code = answer.country.removeprefix("countries/")
        if answer in waiting:
            asked = answer.ask_time.ToDatetime().isoformat(timespec="seconds")
            say(f"  {code} {answer.service}: asked {asked}Z, not answered yet")
            continue
        say(f"  {code} {answer.service}: {answer.total_count} found")
        for finding in answer.findings:
            say(f"    {_line(finding)}")
        for explanation in answer.explanations:
            say(f"    kept: {explanation}")


def _line(finding: subject_pb2.Finding) -> str:
    state = subject_pb2.FindingState.Name(finding.state).removeprefix("FINDING_STATE_").lower()
    ground = subject_pb2.FindingGround.Name(finding.ground).removeprefix("FINDING_GROUND_")
    held = f", sent to {', '.join(finding.holders)}" if finding.holders else ""
    return f"{state}{f' ({ground})' if finding.ground else ''}: {finding.record}{held}"
