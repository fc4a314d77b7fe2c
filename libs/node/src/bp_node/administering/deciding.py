"""`proposal ...`, `emergency ...` and `review ...`: what waits for a person's decision, and the decision."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bluepacific.identity.v1 import access_review_service_pb2 as reviews_pb
from bluepacific.identity.v1 import emergency_pb2, role_pb2
from bluepacific.identity.v1 import emergency_service_pb2 as emergencies_pb
from bluepacific.identity.v1 import proposal_service_pb2 as proposals_pb
from bp_node.administering.calling import Administration, administer, every, value_of
from bp_node.administering.persons import Person, act_as
from bp_node.administering.showing import show_all, show_one

_PROPOSAL = ("name", "act", "subject", "proposer", "state", "expireTime")
_EMERGENCY = ("name", "officer", "role", "unit", "reason", "state", "endTime")
_REVIEW = ("name", "officer", "role", "unit", "state", "dueTime")


@dataclass(frozen=True)
class Need:
    """What somebody needs in an emergency, as it was typed.

    Attributes:
        role: `duty-officer`.
        unit: A unit's name or id.
        reason: Why it cannot wait.
        minutes: For how long.
    """

    role: str
    unit: str
    reason: str
    minutes: int


def list_proposals(directory: Path, filter_: str, *, as_json: bool) -> None:
    """Shows the acts that wait for a second person."""

    async def act(at: Administration) -> list[Any]:
        request = proposals_pb.ListProposalsRequest(parent=at.country, filter=filter_)
        return await every(at.identity.proposals.ListProposals, request, "proposals")

    show_all("proposals", administer(directory, act), _PROPOSAL, as_json=as_json)


def confirm_proposal(directory: Path, proposal: str, person: Person, *, as_json: bool) -> None:
    """Carries out what another has proposed."""

    async def act(at: Administration) -> Any:
        request = proposals_pb.ConfirmProposalRequest(name=at.name_of("proposals", proposal))
        return await at.identity.proposals.ConfirmProposal(request)

    show_one(act_as(directory, person, act), as_json=as_json)


def refuse_proposal(directory: Path, proposal: str, person: Person, *, as_json: bool) -> None:
    """Refuses a proposal, or takes one's own back."""

    async def act(at: Administration) -> Any:
        request = proposals_pb.RefuseProposalRequest(name=at.name_of("proposals", proposal))
        return await at.identity.proposals.RefuseProposal(request)

    show_one(act_as(directory, person, act), as_json=as_json)


def list_emergencies(directory: Path, filter_: str, *, as_json: bool) -> None:
    """Shows the roles that were taken in emergencies."""

    async def act(at: Administration) -> list[Any]:
        request = emergencies_pb.ListEmergenciesRequest(parent=at.country, filter=filter_)
        return await every(at.identity.emergencies.ListEmergencies, request, "emergencies")

    show_all("emergencies", administer(directory, act), _EMERGENCY, as_json=as_json)


def take_role(directory: Path, need: Need, person: Person, *, as_json: bool) -> None:
    """Takes a role for oneself, of which everybody who answers for it is told."""
    role = value_of(role_pb2.Role, "ROLE_", need.role, "--role")

    async def act(at: Administration) -> Any:
        unit = at.name_of("units", need.unit)
        emergency = emergency_pb2.Emergency(role=role, unit=unit, reason=need.reason, minutes=need.minutes)
        request = emergencies_pb.CreateEmergencyRequest(parent=at.country, emergency=emergency)
        return await at.identity.emergencies.CreateEmergency(request)

    show_one(act_as(directory, person, act), as_json=as_json)


def close_emergency(directory: Path, emergency: str, finding: str, person: Person, *, as_json: bool) -> None:
    """Closes an emergency of somebody else with what was found."""

    async def act(at: Administration) -> Any:
        name = at.name_of("emergencies", emergency)
        request = emergencies_pb.ReviewEmergencyRequest(name=name, finding=finding)
        return await at.identity.emergencies.ReviewEmergency(request)

    show_one(act_as(directory, person, act), as_json=as_json)


def list_reviews(directory: Path, filter_: str, *, as_json: bool) -> None:
    """Shows the roles in question."""

    async def act(at: Administration) -> list[Any]:
        request = reviews_pb.ListAccessReviewsRequest(parent=at.country, filter=filter_)
        return await every(at.identity.access_reviews.ListAccessReviews, request, "access_reviews")

    show_all("accessReviews", administer(directory, act), _REVIEW, as_json=as_json)


def keep_role(directory: Path, review: str, person: Person, *, as_json: bool) -> None:
    """Lets a role stay."""

    async def act(at: Administration) -> Any:
        request = reviews_pb.ConfirmAccessReviewRequest(name=at.name_of("accessReviews", review))
        return await at.identity.access_reviews.ConfirmAccessReview(request)

    show_one(act_as(directory, person, act), as_json=as_json)


def remove_role(directory: Path, review: str, person: Person, *, as_json: bool) -> None:
    """Ends a role."""

    async def act(at: Administration) -> Any:
        request = reviews_pb.RemoveAccessReviewRequest(name=at.name_of("accessReviews", review))
        return await at.identity.access_reviews.RemoveAccessReview(request)

    show_one(act_as(directory, person, act), as_json=as_json)
