"""`role ...`: which officer holds which role at which unit, and until when, as `GrantService` keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bluepacific.identity.v1 import grant_pb2, role_pb2
from bluepacific.identity.v1 import grant_service_pb2 as pb
from bp_node.administering.calling import Administration, administer, every, moment_of, value_of
from bp_node.administering.showing import show_all, show_one

_COLUMNS = ("name", "role", "unit", "startTime", "endTime")


@dataclass(frozen=True)
class Post:
    """A role to be given, as it was typed.

    Attributes:
        user: An officer's name or id.
        role: `duty-officer`.
        unit: A unit's name or id.
        start: From which day or moment; empty: from now.
        end: Until which; empty: until it is ended.
    """

    user: str
    role: str
    unit: str
    start: str
    end: str


def list_roles(directory: Path, user: str, filter_: str, *, as_json: bool) -> None:
    """Shows the roles ever held, of one officer or of all."""

    async def act(at: Administration) -> list[Any]:
        request = pb.ListGrantsRequest(parent=at.name_of("officers", user or "-"), filter=filter_)
        return await every(at.identity.grants.ListGrants, request, "grants")

    show_all("grants", administer(directory, act), _COLUMNS, as_json=as_json)


def show_role(directory: Path, grant: str, *, as_json: bool) -> None:
    """Shows one role that somebody holds or held."""

    async def act(at: Administration) -> grant_pb2.Grant:
        return await at.identity.grants.GetGrant(pb.GetGrantRequest(name=grant))  # type: ignore[no-any-return]

    show_one(administer(directory, act), as_json=as_json)


def give_role(directory: Path, post: Post, *, as_json: bool) -> None:
    """Gives an officer a role at a unit."""
    role = value_of(role_pb2.Role, "ROLE_", post.role, "--role")
    start = moment_of(post.start, "--from") if post.start else None
    end = moment_of(post.end, "--until") if post.end else None

    async def act(at: Administration) -> grant_pb2.Grant:
        unit = at.name_of("units", post.unit)
        grant = grant_pb2.Grant(role=role, unit=unit, start_time=start, end_time=end)
        request = pb.CreateGrantRequest(parent=at.name_of("officers", post.user), grant=grant)
        return await at.identity.grants.CreateGrant(request)  # type: ignore[no-any-return]

    show_one(administer(directory, act), as_json=as_json)


def end_role(directory: Path, grant: str, *, as_json: bool) -> None:
    """Ends a role now."""

    async def act(at: Administration) -> grant_pb2.Grant:
        return await at.identity.grants.RevokeGrant(pb.RevokeGrantRequest(name=grant))  # type: ignore[no-any-return]

    show_one(administer(directory, act), as_json=as_json)
