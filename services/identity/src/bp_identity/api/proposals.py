"""ProposalService: what was proposed is carried out by the very servicer that was called first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf import json_format
from google.protobuf.message_factory import GetMessageClass

from bluepacific.identity.v1 import proposal_pb2
from bluepacific.identity.v1 import proposal_service_pb2 as pb
from bluepacific.identity.v1 import proposal_service_pb2_grpc as grpc_
from bp_identity.adapters.proposals import SqlProposals, proposal_work
from bp_identity.domain.proposal import Proposal
from bp_identity.usecases import proposals
from bp_kit.call import Principal, current_call
from bp_kit.database import current_session
from bp_kit.listing import listing_of
from bp_kit.personal import has_personal
from bp_kit.ports import Seams
from bp_kit.rpc.methods import descriptor_of, method_of
from bp_kit.service import Servicer
from bp_kit.times import timestamp


class ProposalServicer(grpc_.ProposalServiceServicer):
    """Acts that wait for a second person.

    Args:
        seams: The outside.
        servicers: Whose marked methods are proposed, and carried out.
    """

    def __init__(self, seams: Seams, servicers: Sequence[Servicer]) -> None:
        self._seams = seams
        self._servicers: Mapping[str, Any] = {type(servicer).__name__: servicer for _, servicer in servicers}

    async def ListProposals(self, request: pb.ListProposalsRequest, context: Any) -> pb.ListProposalsResponse:
        """Lists proposals, oldest first."""
        listed = await SqlProposals(current_session(), self._seams.sealer).page(listing_of(request))
        return pb.ListProposalsResponse(
            proposals=[_message(proposal) for proposal in listed.items], next_page_token=listed.next_token
        )

    async def ConfirmProposal(self, request: pb.ConfirmProposalRequest, context: Any) -> proposal_pb2.Proposal:
        """Carries a proposal out."""

        async def carry_out(proposal: Proposal) -> None:
            service, method = proposal.method.rsplit(".", 1)[1].split("/")
            await getattr(self._servicers[f"{service}r"], method)(_called_with(proposal), context)

        work = proposal_work(current_session(), self._seams)
        return _message(
            await proposals.confirm_proposal(work, current_call().principal, request.name, carry_out, may=_may)
        )

    async def RefuseProposal(self, request: pb.RefuseProposalRequest, context: Any) -> proposal_pb2.Proposal:
        """Refuses a proposal."""
        work = proposal_work(current_session(), self._seams)
        return _message(await proposals.refuse_proposal(work, current_call().principal, request.name, may=_may))


def _may(principal: Principal, proposal: Proposal) -> bool:
    """Tells whether an officer may do what was proposed."""
    return not principal.roles.isdisjoint(method_of(proposal.method).access.roles)


def _content(proposal: Proposal) -> str:
    """Returns what was proposed, for who could do it; of personal data, nothing else tells whoever administers the country."""
    if has_personal(descriptor_of(proposal.method).input_type) and not _may(current_call().principal, proposal):
        return ""
    return json_format.MessageToJson(_called_with(proposal), indent=None)


def _called_with(proposal: Proposal) -> Any:
    return GetMessageClass(descriptor_of(proposal.method).input_type).FromString(proposal.request)


def _message(proposal: Proposal) -> proposal_pb2.Proposal:
    return proposal_pb2.Proposal(
        name=proposal.name,
        act=proposal.act,
        subject=proposal.subject,
        content=_content(proposal),
        proposer=proposal.proposer,
        state=proposal_pb2.ProposalState.Value(f"PROPOSAL_STATE_{proposal.state}"),
        decider=proposal.decider,
        create_time=timestamp(proposal.create_time),
        expire_time=timestamp(proposal.expire_time),
    )
