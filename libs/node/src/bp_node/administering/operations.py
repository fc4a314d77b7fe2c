"""`operation ...`: joint operations and who takes part, as those see and change them who do, or who head the unit that leads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bluepacific.cooperation.v1 import operation_pb2
from bluepacific.cooperation.v1 import operation_service_pb2 as pb
from bp_node.administering.calling import Administration, every, moment_of
from bp_node.administering.persons import Person, act_as
from bp_node.administering.showing import show_all, show_one
from bp_node.failure import CommandError
from bp_node.screen import say, say_json

_OPERATION = ("name", "displayName", "unit", "endTime")
_MEMBER = ("officer", "createTime", "endTime", "name")
_NEVER = "never"


@dataclass(frozen=True)
class Plan:
    """What is said of an operation, as it was typed.

    Attributes:
        display_name: What its members call it.
        unit: A unit's name or id; empty: the person's only one.
        until: Day or moment at which it ends; empty: not said.
    """

    display_name: str
    unit: str
    until: str


def list_operations(directory: Path, filter_: str, person: Person, *, as_json: bool) -> None:
    """Shows the operations that a person sees."""

    async def act(at: Administration) -> list[Any]:
        request = pb.ListOperationsRequest(parent="countries/-", filter=filter_)
        return await every(_service(at).ListOperations, request, "operations")

    show_all("operations", act_as(directory, person, act), _OPERATION, as_json=as_json)


def show_operation(directory: Path, operation: str, person: Person, *, as_json: bool) -> None:
    """Shows one operation."""

    async def act(at: Administration) -> Any:
        return await _service(at).GetOperation(pb.GetOperationRequest(name=at.name_of("operations", operation)))

    show_one(act_as(directory, person, act), as_json=as_json)


def make_operation(directory: Path, plan: Plan, person: Person, *, as_json: bool) -> None:
    """Makes an operation."""
    end_time = moment_of(plan.until, "--until") if plan.until else None

    async def act(at: Administration) -> Any:
        unit = at.name_of("units", plan.unit) if plan.unit else ""
        operation = operation_pb2.Operation(unit=unit, display_name=plan.display_name, end_time=end_time)
        return await _service(at).CreateOperation(pb.CreateOperationRequest(parent=at.country, operation=operation))

    show_one(act_as(directory, person, act), as_json=as_json)


def change_operation(directory: Path, operation: str, plan: Plan, person: Person, *, as_json: bool) -> None:
    """Changes what an operation is called, or when it ends.

    Raises:
        CommandError: There is nothing to change.
    """
    if not plan.display_name and not plan.until:
        raise CommandError("say what changes: --display-name or --until")
    end_time = moment_of(plan.until, "--until") if plan.until not in ("", _NEVER) else None
    paths = [path for path, said in (("display_name", plan.display_name), ("end_time", plan.until)) if said]

    async def act(at: Administration) -> Any:
        name = at.name_of("operations", operation)
        known = await _service(at).GetOperation(pb.GetOperationRequest(name=name))
        changed = operation_pb2.Operation(name=name, display_name=plan.display_name, end_time=end_time, etag=known.etag)
        request = pb.UpdateOperationRequest(operation=changed)
        request.update_mask.paths.extend(paths)
        return await _service(at).UpdateOperation(request)

    show_one(act_as(directory, person, act), as_json=as_json)


def list_members(directory: Path, operation: str, filter_: str, person: Person, *, as_json: bool) -> None:
    """Shows who takes part."""

    async def act(at: Administration) -> list[Any]:
        request = pb.ListMembersRequest(parent=at.name_of("operations", operation), filter=filter_)
        return await every(_service(at).ListMembers, request, "members")

    show_all("members", act_as(directory, person, act), _MEMBER, as_json=as_json)


def add_member(directory: Path, operation: str, officer: str, until: str, person: Person, *, as_json: bool) -> None:
    """Lets an officer take part."""
    end_time = moment_of(until, "--until") if until else None

    async def act(at: Administration) -> Any:
        member = operation_pb2.Member(officer=at.name_of("officers", officer), end_time=end_time)
        request = pb.CreateMemberRequest(parent=at.name_of("operations", operation), member=member)
        return await _service(at).CreateMember(request)

    show_one(act_as(directory, person, act), as_json=as_json)


def remove_member(directory: Path, operation: str, officer: str, person: Person, *, as_json: bool) -> None:
    """Ends an officer's part.

    Raises:
        CommandError: They take no part in it.
    """

    async def act(at: Administration) -> str:
        name, who = at.name_of("operations", operation), at.name_of("officers", officer)
        request = pb.ListMembersRequest(parent=name, filter=f'officer = "{who}"')
        for member in await every(_service(at).ListMembers, request, "members"):
            await _service(at).DeleteMember(pb.DeleteMemberRequest(name=member.name))
            return who
        raise CommandError(f"{who} takes no part in {name}")

    removed = act_as(directory, person, act)
    if as_json:
        say_json({"officer": removed, "removed": True})
    else:
        say(f"{removed} takes no part any more")


def _service(at: Administration) -> Any:
    return at.client.cooperation.operations
