"""AccessService."""

from __future__ import annotations

from typing import Any

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import access_service_pb2 as pb
from bluepacific.cooperation.v1 import access_service_pb2_grpc as grpc_
from bp_access.rules import Rule
from bp_cooperation.adapters.unit_of_work import Workshop
from bp_cooperation.usecases.access import explain
from bp_cooperation.usecases.asking import Caller
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.errors import Refused
from bp_kit.language import pick
from bp_kit.names import country_of


class AccessServicer(grpc_.AccessServiceServicer):
    """Why somebody may do something with a record, or may not.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def ExplainAccess(self, request: pb.ExplainAccessRequest, context: Any) -> pb.ExplainAccessResponse:
        """Says whether a person may do something with a record, and by which rules."""
        if request.officer and country_of(request.officer) != country_of(request.parent):
            raise Refused("INVALID_FIELD", field="officer", description="is of another country")
        work = self._workshop.on(current_session())
        act = pb.Act.Name(request.act).removeprefix("ACT_").lower()
        decision = await explain(work, _person(request), act, request.record, to=request.to_country)
        return pb.ExplainAccessResponse(allowed=decision.allowed, rules=[_rule(rule) for rule in decision.rules])


def _person(request: pb.ExplainAccessRequest) -> Caller:
    grants = frozenset((held.role, held.unit) for held in request.roles)
    purpose = handling_pb2.Purpose.Name(request.purpose).removeprefix("PURPOSE_") if request.purpose else ""
    return Caller(
        name=request.officer,
        country=country_of(request.parent),
        units=frozenset(unit for _, unit in grants),
        grants=grants,
        clearance=request.clearance,
        purpose=purpose,
    )


def _rule(rule: Rule) -> pb.AccessRule:
    text = pick(dict(rule.texts), current_call().language)
    return pb.AccessRule(rule_id=rule.rule_id, text=text, permits=rule.permits, own=rule.country)
