"""`proposal ...`, `emergency ...` and `review ...`: what waits for a person's decision, and the decision."""

from __future__ import annotations

from collections.abc import Callable
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


@dataclass(frozen=True)
class _Kind:
    """Something that waits for a decision.

    Attributes:
        collection: As in names: `accessReviews`.
        service: Of the client's, and the field of the list: `access_reviews`.
        listing: Makes the request that lists them.
        columns: What a person is shown.
    """

    collection: str
    service: str
    listing: Callable[..., Any]
    columns: tuple[str, ...]

    def show(self, directory: Path, filter_: str, *, as_json: bool) -> None:
        """Shows them."""

        async def act(at: Administration) -> list[Any]:
            list_method = f"List{self.collection[0].upper()}{self.collection[1:]}"
            method = getattr(getattr(at.identity, self.service), list_method)
            return await every(method, self.listing(parent=at.country, filter=filter_), self.service)

        show_all(self.collection, administer(directory, act), self.columns, as_json=as_json)

    def decide(
        self, directory: Path, typed: str, person: Person, request: Callable[..., Any], *, as_json: bool, **said: str
    ) -> None:
        """Has a person decide on one, and shows it then.

        Args:
            directory: The node's folder.
            typed: The one: its name, or the last part of that.
            person: Who decides.
            request: Makes the request, whose method is called alike: `ConfirmProposalRequest`.
            as_json: Show it for a script.
            said: What the decision says besides.
        """

        async def act(at: Administration) -> Any:
            asked = request(name=at.name_of(self.collection, typed), **said)
            method = getattr(getattr(at.identity, self.service), type(asked).__name__.removesuffix("Request"))
            return await method(asked)

        show_one(act_as(directory, person, act), as_json=as_json)


PROPOSALS = _Kind(
    "proposals",
    "proposals",
    proposals_pb.ListProposalsRequest,
    ("name", "act", "subject", "proposer", "state", "expireTime"),
)
EMERGENCIES = _Kind(
    "emergencies",
    "emergencies",
    emergencies_pb.ListEmergenciesRequest,
    ("name", "officer", "role", "unit", "reason", "state", "endTime"),
)
REVIEWS = _Kind(
    "accessReviews",
    "access_reviews",
    reviews_pb.ListAccessReviewsRequest,
    ("name", "officer", "role", "unit", "state", "dueTime"),
)


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


def confirm_proposal(directory: Path, proposal: str, person: Person, *, as_json: bool) -> None:
    """Carries out what another has proposed."""
    PROPOSALS.decide(directory, proposal, person, proposals_pb.ConfirmProposalRequest, as_json=as_json)


def refuse_proposal(directory: Path, proposal: str, person: Person, *, as_json: bool) -> None:
    """Refuses a proposal, or takes one's own back."""
    PROPOSALS.decide(directory, proposal, person, proposals_pb.RefuseProposalRequest, as_json=as_json)


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
    request = emergencies_pb.ReviewEmergencyRequest
    EMERGENCIES.decide(directory, emergency, person, request, as_json=as_json, finding=finding)


def keep_role(directory: Path, review: str, person: Person, *, as_json: bool) -> None:
    """Lets a role stay."""
    REVIEWS.decide(directory, review, person, reviews_pb.ConfirmAccessReviewRequest, as_json=as_json)


def remove_role(directory: Path, review: str, person: Person, *, as_json: bool) -> None:
    """Ends a role."""
    REVIEWS.decide(directory, review, person, reviews_pb.RemoveAccessReviewRequest, as_json=as_json)
