"""Proposing an act, and deciding on what another has proposed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bp_identity.domain.proposal import LIFETIME, Proposal
from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.listing import Listed, Listing


class Proposals(Protocol):
    """Acts that wait for a second person."""

    async def find(self, name: str) -> Proposal | None:
        """Returns the proposal, locked."""
        ...

    async def find_same(self, proposal: Proposal, now: datetime) -> Proposal | None:
        """Returns an open proposal of the same call by the same caller."""
        ...

    async def add(self, proposal: Proposal) -> None:
        """Keeps a new proposal."""
        ...

    async def save(self, proposal: Proposal) -> None:
        """Keeps a decided proposal."""
        ...

    async def page(self, listing: Listing) -> Listed[Proposal]:
        """Returns a page of one country's proposals, oldest first."""
        ...


@dataclass(frozen=True)
class ProposalWork:
    """One transaction's parts."""

    proposals: Proposals
    clock: Callable[[], datetime]
    ids: Callable[[], str]


@dataclass(frozen=True)
class MarkedAct:
    """A call of a marked method.

    Attributes:
        method: By gRPC path.
        act: Its permission.
        subject: The record that it is about.
        request: Serialised.
    """

    method: str
    act: str
    subject: str
    request: bytes


async def propose(work: ProposalWork, principal: Principal, marked: MarkedAct) -> Proposal:
    """Keeps a call for a second person; a repeat is the proposal that there is."""
    now = work.clock()
    proposal = Proposal(
        name=f"countries/{principal.country}/proposals/{work.ids()}",
        method=marked.method,
        act=marked.act,
        subject=marked.subject,
        request=marked.request,
        proposer=principal.name,
        create_time=now,
        expire_time=now + LIFETIME,
    )
    known = await work.proposals.find_same(proposal, now)
    if known is None:
        await work.proposals.add(proposal)
    return known or proposal


May = Callable[[Principal, Proposal], bool]


async def confirm_proposal(
    work: ProposalWork, principal: Principal, name: str, carry_out: Callable[[Proposal], Awaitable[None]], *, may: May
) -> Proposal:
    """Carries out what another has proposed.

    Args:
        work: The transaction.
        principal: Who confirms it.
        name: The proposal.
        carry_out: Does it.
        may: Tells whether somebody may do what was proposed.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, also where no person calls, PROPOSAL_IS_YOUR_OWN, PROPOSAL_CLOSED; and as the act itself,
            which then stays open.
    """
    if "/officers/" not in principal.name:
        raise Refused("PERMISSION_DENIED")
    found = await _proposal(work, name)
    if not may(principal, found):
        raise Refused("PERMISSION_DENIED")
    confirmed = found.confirmed(principal.name, work.clock())
    await work.proposals.save(confirmed)
    await carry_out(confirmed)
    return confirmed


async def refuse_proposal(work: ProposalWork, principal: Principal, name: str, *, may: May) -> Proposal:
    """Refuses a proposal, one's own included.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, PROPOSAL_CLOSED.
    """
    found = await _proposal(work, name)
    if not may(principal, found):
        raise Refused("PERMISSION_DENIED")
    refused = found.refused(principal.name, work.clock())
    await work.proposals.save(refused)
    return refused


async def _proposal(work: ProposalWork, name: str) -> Proposal:
    found = await work.proposals.find(name)
    if found is None:
        raise Refused("NOT_FOUND", name=name)
    return found
