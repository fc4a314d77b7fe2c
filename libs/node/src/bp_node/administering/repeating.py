"""`subject save` and `subject repeat`: what was erased and blocked, done again after the node went back to a backup."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bluepacific.common.v1 import subject_pb2
from bluepacific.identity.v1 import subject_operation_pb2 as operation_pb2
from bluepacific.identity.v1 import subject_service_pb2 as pb
from bp_client import Problem
from bp_kit.disk import write_private
from bp_node.administering.calling import Administration, administer, every
from bp_node.administering.subjects import ROLE, subjects_of
from bp_node.failure import CommandError, told_plainly
from bp_node.screen import say, say_json

# In this order each time: what was opened again since it was blocked stays open.
_ACTS = ("BLOCK", "UNBLOCK", "ERASE")
_STATES = {
    "BLOCK": subject_pb2.FINDING_STATE_BLOCKED,
    "UNBLOCK": subject_pb2.FINDING_STATE_READABLE,
    "ERASE": subject_pb2.FINDING_STATE_ERASED,
}
_AT_ONCE = 100


def save(directory: Path, to: Path, *, as_json: bool) -> None:
    """Writes a file that only this user can read.

    Raises:
        CommandError: See `administer`; or the file cannot be made.
    """

    async def gathered(at: Administration) -> list[dict[str, Any]]:
        subjects = subjects_of(at)
        listed = await every(
            subjects.ListSubjectOperations, pb.ListSubjectOperationsRequest(parent=at.country), "subject_operations"
        )
        found = []
        for one in reversed(listed):
            act = subject_pb2.SubjectAct.Name(one.act).removeprefix("SUBJECT_ACT_")
            if act in _ACTS:
                whole = await subjects.GetSubjectOperation(pb.GetSubjectOperationRequest(name=one.name))
                found.append({"operation": one.name, "act": act, "records": _settled(whole, act, at.country)})
        return found

    acts = [one for one in administer(directory, gathered, role=ROLE) if one["records"]]
    with told_plainly("write", to):
        write_private(to, json.dumps({"acts": acts}).encode(), replace=True)
    count = sum(len(one["records"]) for one in acts)
    if as_json:
        say_json({"file": str(to), "acts": len(acts), "records": count})
    else:
        say(f"{to}: {len(acts)} acts on {count} records; keep it with the backups")


def repeat(directory: Path, file: Path, *, as_json: bool) -> None:
    """Does again what a file names, in its order. Repeating that is harmless.

    Raises:
        CommandError: See `administer`; or the file cannot be read.
    """
    with told_plainly("read", file):
        raw = file.read_bytes()
    try:
        acts = [(one["act"], list(one["records"])) for one in json.loads(raw)["acts"]]
    except (ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{file} is not from `bluepacific subject save`") from error

    async def repeated(at: Administration) -> tuple[int, int]:
        count = waiting = 0
        for act, records in acts:
            for start in range(0, len(records), _AT_ONCE):
                operation = operation_pb2.SubjectOperation(
                    act=subject_pb2.SubjectAct.Value(f"SUBJECT_ACT_{act}"),
                    records=records[start : start + _AT_ONCE],
                    reason="done again after this node went back to a backup",
                )
                request = pb.CreateSubjectOperationRequest(parent=at.country, subject_operation=operation)
                try:
                    await subjects_of(at).CreateSubjectOperation(request)
                except Problem as problem:
                    if problem.reason != "SECOND_PERSON_MUST_CONFIRM":
                        raise
                    waiting += len(operation.records)
                else:
                    count += len(operation.records)
        return count, waiting

    count, waiting = administer(directory, repeated, role=ROLE)
    if as_json:
        say_json({"records": count, "waiting": waiting})
        return
    say(f"{count} records are being erased or blocked again: `bluepacific subject list` tells how far that is")
    if waiting:
        say(f"{waiting} records are erased once a second data-protection officer has confirmed it")


def _settled(operation: operation_pb2.SubjectOperation, act: str, country: str) -> list[str]:
    own = [answer for answer in operation.answers if answer.country == country]
    return sorted({one.record for answer in own for one in answer.findings if one.state == _STATES[act]})
