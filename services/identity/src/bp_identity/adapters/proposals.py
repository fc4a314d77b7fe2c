"""Proposals in the database, and what makes a marked call one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, fields
from datetime import datetime

from google.protobuf.message import Message
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_identity.adapters.tables import GrantRow, ProposalRow
from bp_identity.domain.names import OPERATOR, last_of
from bp_identity.domain.proposal import OPEN, Proposal
from bp_identity.usecases.proposals import MarkedAct, ProposalWork, propose
from bp_kit.call import Call
from bp_kit.database import Database
from bp_kit.errors import Refused
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of
from bp_kit.paging import read_page
from bp_kit.personal import has_personal
from bp_kit.ports import Seams
from bp_kit.rpc.methods import Method, descriptor_of
from bp_kit.sealing import Sealer


class SqlProposals:
    """Proposals of all countries served here."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, name: str) -> Proposal | None:
        """Returns the proposal, locked."""
        row = await self._session.get(ProposalRow, name, with_for_update=True)
        return _proposal(row) if row else None

    async def find_same(self, proposal: Proposal, now: datetime) -> Proposal | None:
        """Returns an open proposal of the same call by the same caller."""
        statement = select(ProposalRow).where(
            ProposalRow.country == country_of(proposal.name),
            ProposalRow.state == OPEN,
            ProposalRow.expire_time > now,
            ProposalRow.proposer == proposal.proposer,
            ProposalRow.method == proposal.method,
            ProposalRow.request == proposal.request,
        )
        row = await self._session.scalar(statement.limit(1))
        return _proposal(row) if row else None

    async def add(self, proposal: Proposal) -> None:
        """Keeps a new proposal."""
        self._session.add(_row(proposal))
        await self._session.flush()

    async def save(self, proposal: Proposal) -> None:
        """Keeps a decided proposal."""
        await self._session.merge(_row(proposal))
        await self._session.flush()

    async def page(self, listing: Listing) -> Listed[Proposal]:
        """Returns a page of one country's proposals, oldest first.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        page = await read_page(
            self._session,
            self._sealer,
            select(ProposalRow).where(ProposalRow.country == country_of(listing.parent)),
            listing=listing,
            keys=(ProposalRow.create_time, ProposalRow.name),
            columns={"state": ProposalRow.state, "act": ProposalRow.act, "proposer": ProposalRow.proposer},
        )
        return Listed([_proposal(row) for row in page.rows], page.next_token)


def proposal_work(session: AsyncSession, seams: Seams) -> ProposalWork:
    """Returns the parts that work on this session."""
    return ProposalWork(SqlProposals(session, seams.sealer), seams.clock, seams.ids)


class SecondPersonRule:
    """Makes a marked call a proposal: what the pipeline asks before it lets a call through.

    Args:
        database: Where proposals are kept.
        seams: The outside.
    """

    def __init__(self, database: Database, seams: Seams) -> None:
        self._database = database
        self._seams = seams

    async def require(self, method: Method, call: Call, request: Message) -> None:
        """Keeps the call as a proposal instead; lets it through where a country never had but one officer for it.

        Raises:
            Refused: SECOND_PERSON_MUST_CONFIRM; PERMISSION_DENIED where a program calls, whose secret one person may hold.
        """
        if "/clients/" in call.principal.name and last_of(call.principal.name) != OPERATOR:
            raise Refused("PERMISSION_DENIED")
        async with self._database.read() as session:
            if await officers_ever(session, call.principal.country, method.access.roles) <= 1:
                return
        marked = MarkedAct(
            method=method.path,
            act=method.access.permission,
            subject=method.name_in(request),
            request=request.SerializeToString(deterministic=True),
        )
        async with self._database.write() as session:
            proposal = await propose(proposal_work(session, self._seams), call.principal, marked)
        raise Refused("SECOND_PERSON_MUST_CONFIRM", proposal=proposal.name)


async def officers_ever(session: AsyncSession, country: str, roles: Collection[str]) -> int:
    """Returns how many officers of a country hold one of the roles or ever did; roles as tokens name them."""
    statement = select(func.count(GrantRow.officer.distinct())).where(
        GrantRow.country == country, GrantRow.role.in_([role.upper() for role in roles])
    )
    return await session.scalar(statement) or 0


async def forget_persons(session: AsyncSession, now: datetime) -> None:
    """Empties decided and expired proposals of acts about persons: what came of them stands with the act."""
    closed = or_(ProposalRow.state != OPEN, ProposalRow.expire_time < now)
    statement = select(ProposalRow).where(closed, ProposalRow.request != b"")
    for row in await session.scalars(statement):
        if has_personal(descriptor_of(row.method).input_type):
            row.request = b""


def _proposal(row: ProposalRow) -> Proposal:
    return Proposal(**{field.name: getattr(row, field.name) for field in fields(Proposal)})


def _row(proposal: Proposal) -> ProposalRow:
    return ProposalRow(country=country_of(proposal.name), **asdict(proposal))
