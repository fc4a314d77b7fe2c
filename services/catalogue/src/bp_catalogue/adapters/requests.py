"""Access requests, their decisions and their agreements in the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, String, case, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_catalogue.adapters.tables import AccessDecisionRow, AccessRequestRow, AgreementRow
from bp_catalogue.domain.access import ACTIVE, ENDED, UPCOMING, AccessRequest, Agreement, Decision, Period
from bp_catalogue.usecases.work import Sight
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer


class SqlAccessRequests:
    """Access requests of the countries served here, with their decisions and agreements."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, name: str, *, for_change: bool = False) -> AccessRequest | None:
        """Returns the request, locked when it is to be changed."""
        row = await self._session.get(AccessRequestRow, name, with_for_update=for_change or None)
        # Of one that is not there, too: looking for what may not be seen takes as much work.
        decisions = await self._decisions([name])
        return _request(row, decisions.get(name, frozenset())) if row else None

    async def of_unit(self, unit: str, capability: str) -> list[AccessRequest]:
        """Returns the unit's requests for the capability."""
        found = await self._session.scalars(
            select(AccessRequestRow).where(AccessRequestRow.unit == unit, AccessRequestRow.capability == capability)
        )
        return await self._whole(found.all())

    async def add(self, request: AccessRequest) -> None:
        """Keeps a new request."""
        self._session.add(_row(request))
        await self._session.flush()

    async def save(self, request: AccessRequest) -> None:
        """Keeps decisions that are not kept yet, and what follows from all of them."""
        known = await self._decisions([request.name])
        # Somebody's decisions may have come in since the request was read.
        joined = request.joined(known.get(request.name, frozenset()))
        new = joined.decisions - known.get(request.name, frozenset())
        self._session.add_all(_decision_row(request.name, decision) for decision in new)
        await self._session.merge(_row(joined))
        if joined.agreement:
            await self._session.merge(_agreement_row(joined.agreement))
        await self._session.flush()

    async def page(self, listing: Listing, sight: Sight) -> Listed[AccessRequest]:
        """Returns a page of the requests of one country that are seen, oldest first.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        statement = select(AccessRequestRow).where(AccessRequestRow.country == country_of(listing.parent))
        if not sight.everything:
            statement = statement.where(
                or_(AccessRequestRow.requester == sight.requester, AccessRequestRow.unit.in_(sorted(sight.units)))
            )
        page = await read_page(
            self._session,
            self._sealer,
            statement,
            listing=listing,
            keys=(AccessRequestRow.create_time, AccessRequestRow.name),
            columns={
                "capability": AccessRequestRow.capability,
                "unit": AccessRequestRow.unit,
                "requester": AccessRequestRow.requester,
                "state": AccessRequestRow.state,
                "create_time": AccessRequestRow.create_time,
            },
        )
        return Listed(await self._whole(page.rows), page.next_token)

    async def _whole(self, rows: Sequence[AccessRequestRow]) -> list[AccessRequest]:
        decisions = await self._decisions([row.name for row in rows])
        return [_request(row, decisions.get(row.name, frozenset())) for row in rows]

    async def _decisions(self, requests: Iterable[str]) -> dict[str, frozenset[Decision]]:
        found = await self._session.scalars(select(AccessDecisionRow).where(AccessDecisionRow.request.in_(requests)))
        by_request: dict[str, frozenset[Decision]] = {}
        for row in found:
            by_request[row.request] = by_request.get(row.request, frozenset()) | {_decision(row)}
        return by_request


class SqlAgreements:
    """Access agreements, as they follow from the requests."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, name: str) -> Agreement | None:
        """Returns the agreement."""
        row = await self._session.get(AgreementRow, name)
        return _agreement(row) if row else None

    async def page(self, listing: Listing, now: datetime) -> Listed[Agreement]:
        """Returns a page of one country's agreements, oldest first.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        page = await read_page(
            self._session,
            self._sealer,
            select(AgreementRow).where(AgreementRow.country == country_of(listing.parent)),
            listing=listing,
            keys=(AgreementRow.begin_time, AgreementRow.name),
            columns={
                "capability": AgreementRow.capability,
                "unit": AgreementRow.unit,
                "state": state_at(now),
                "begin_time": AgreementRow.begin_time,
                "end_time": AgreementRow.end_time,
            },
        )
        return Listed([_agreement(row) for row in page.rows], page.next_token)


def state_at(now: datetime) -> ColumnElement[str]:
    """Returns an agreement's state at a moment, as SQL."""
    return case(
        (AgreementRow.end_time <= now, literal(ENDED, String)),
        (AgreementRow.begin_time <= now, literal(ACTIVE, String)),
        else_=literal(UPCOMING, String),
    )


def _request(row: AccessRequestRow, decisions: frozenset[Decision]) -> AccessRequest:
    return AccessRequest(
        name=row.name,
        capability=row.capability,
        unit=row.unit,
        justification=row.justification,
        purpose=row.purpose,
        requester=row.requester,
        create_time=row.create_time,
        decisions=decisions,
    )


def _row(request: AccessRequest) -> AccessRequestRow:
    return AccessRequestRow(
        name=request.name,
        country=country_of(request.name),
        capability=request.capability,
        unit=request.unit,
        justification=request.justification,
        purpose=request.purpose,
        requester=request.requester,
        state=request.state,
        create_time=request.create_time,
    )


def _decision(row: AccessDecisionRow) -> Decision:
    period = Period(row.begin_time, row.end_time) if row.begin_time and row.end_time else None
    return Decision(row.decision_id, row.verdict, row.decider, row.decide_time, row.note, period)


def _decision_row(request: str, decision: Decision) -> AccessDecisionRow:
    return AccessDecisionRow(
        request=request,
        decision_id=decision.decision_id,
        verdict=decision.verdict,
        decider=decision.decider,
        decide_time=decision.decide_time,
        note=decision.note,
        begin_time=decision.period.begin if decision.period else None,
        end_time=decision.period.end if decision.period else None,
    )


def _agreement(row: AgreementRow) -> Agreement:
    return Agreement(
        name=row.name,
        request=row.request,
        capability=row.capability,
        unit=row.unit,
        purpose=row.purpose,
        period=Period(row.begin_time, row.end_time),
        version=row.version,
    )


def _agreement_row(agreement: Agreement) -> AgreementRow:
    return AgreementRow(
        name=agreement.name,
        country=country_of(agreement.name),
        request=agreement.request,
        capability=agreement.capability,
        unit=agreement.unit,
        purpose=agreement.purpose,
        begin_time=agreement.period.begin,
        end_time=agreement.period.end,
        version=agreement.version,
    )
