"""`access explain`: asks identity what an officer holds, and cooperation what its rules make of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import access_service_pb2 as access_pb
from bluepacific.identity.v1 import grant_pb2, grant_service_pb2, officer_service_pb2, role_pb2
from bp_client import AsyncBluePacific, Problem
from bp_node.failure import CommandError
from bp_node.operator import operating
from bp_node.screen import say, say_json
from bp_node.settings import NodeSettings, load

_PAGE = 100


@dataclass(frozen=True)
class Asked:
    """A question as it was typed.

    Attributes:
        who: An officer's name or id.
        what: A record's name.
        act: A value of `Act`, without prefix, in any case.
        purpose: A value of `Purpose`, without prefix, in any case; empty for none.
        to: Code of the country that it would be forwarded to.
        language: Of the answer.
    """

    who: str
    what: str
    act: str
    purpose: str
    to: str
    language: str


def explain(directory: Path, asked: Asked, *, as_json: bool) -> None:
    """Says whether an officer may do something with a record, and why.

    Raises:
        CommandError: The node does not run, knows no such officer or record, or the question is none.
    """
    settings = load(directory)
    act = _value(access_pb.Act, "ACT_", asked.act, "act")
    purpose: Any = _value(handling_pb2.Purpose, "PURPOSE_", asked.purpose, "purpose") if asked.purpose else 0
    officer = asked.who if "/" in asked.who else f"countries/{settings.country}/officers/{asked.who}"
    request = access_pb.ExplainAccessRequest(
        parent=f"countries/{settings.country}",
        record=asked.what,
        act=act,
        purpose=purpose,
        to_country=asked.to,
        officer=officer,
    )
    try:
        answer = asyncio.run(_ask(settings, officer, request, asked.language))
    except Problem as problem:
        raise CommandError(f"{settings.node_id} cannot explain it: {problem.detail}") from problem
    _tell(answer, officer, asked, as_json=as_json)


async def _ask(
    settings: NodeSettings, officer: str, request: access_pb.ExplainAccessRequest, language: str
) -> access_pb.ExplainAccessResponse:
    async with operating(settings, "auditor") as client:
        known = await client.identity.officers.GetOfficer(officer_service_pb2.GetOfficerRequest(name=officer))
        request.clearance = known.clearance
        request.roles.extend([_held(grant) for grant in await _grants(client, officer)])
        return await client.asking(language=language).cooperation.accesses.ExplainAccess(request)


async def _grants(client: AsyncBluePacific, officer: str) -> list[grant_pb2.Grant]:
    """Returns the grants in force."""
    now, found, token = datetime.now(UTC), [], ""
    while True:
        page = await client.identity.grants.ListGrants(
            grant_service_pb2.ListGrantsRequest(parent=officer, page_size=_PAGE, page_token=token)
        )
        found += [grant for grant in page.grants if _in_force(grant, now)]
        token = page.next_page_token
        if not token:
            return found


def _in_force(grant: grant_pb2.Grant, now: datetime) -> bool:
    ended = grant.HasField("end_time") and grant.end_time.ToDatetime(UTC) <= now
    return grant.start_time.ToDatetime(UTC) <= now and not ended


def _held(grant: grant_pb2.Grant) -> access_pb.HeldRole:
    return access_pb.HeldRole(role=role_pb2.Role.Name(grant.role).removeprefix("ROLE_").lower(), unit=grant.unit)


def _value(enum: Any, prefix: str, typed: str, option: str) -> Any:
    values = {name.removeprefix(prefix): number for name, number in enum.items() if number}
    if typed.upper() not in values:
        raise CommandError(f"--{option}: {typed} is none of {', '.join(name.lower() for name in values)}")
    return values[typed.upper()]


def _tell(answer: access_pb.ExplainAccessResponse, officer: str, asked: Asked, *, as_json: bool) -> None:
    rules = [{"rule": one.rule_id, "text": one.text, "permits": one.permits, "own": one.own} for one in answer.rules]
    if as_json:
        say_json(
            {"allowed": answer.allowed, "officer": officer, "record": asked.what, "act": asked.act, "rules": rules}
        )
        return
    say(f"{officer} {'may' if answer.allowed else 'may not'} {asked.act} {asked.what}")
    for rule in rules:
        own = " (a rule of the own country)" if rule["own"] else ""
        say(f"  {rule['rule']}: {rule['text']}{own}")
