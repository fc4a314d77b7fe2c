"""What identity holds about people, for data-protection officers."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bluepacific.common.v1 import subject_pb2
from bluepacific.common.v1.subject_pb2 import FindingGround
from bp_identity.adapters.subject_tables import SubjectAnswerRow, SubjectOperationRow
from bp_identity.adapters.tables import (
    AccessReviewRow,
    CredentialRow,
    EmergencyRow,
    GrantRow,
    OfficerRow,
    PasskeyRow,
    ProvisionedRow,
    RefreshTokenRow,
    SessionRow,
    UpstreamLinkRow,
)
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.domain.officer import ACTIVE
from bp_identity.usecases.officers import officer_etag, update_officer
from bp_kit.call import Principal
from bp_kit.names import country_of
from bp_kit.subjects.holdings import Held, Sought
from bp_kit.subjects.table_holdings import Rows, TableHoldings

_PACKAGE = "bluepacific.identity.v1"
_OFFICER, _OPERATION = f"{_PACKAGE}.Officer", f"{_PACKAGE}.SubjectOperation"
_ERASED_HOST = "@erased.invalid"
_DONE = subject_pb2.FINDING_GROUND_UNSPECIFIED
_ACT_OF_OFFICE = subject_pb2.FINDING_GROUND_OFFICIAL_ACT
# Emptied with the officer: what proves who signs in, and sign-ins.
_WITH_OFFICER = (CredentialRow, PasskeyRow, UpstreamLinkRow, SessionRow, RefreshTokenRow, ProvisionedRow)


def _named(column: InstrumentedAttribute[str], collection: str) -> Callable[[str], ColumnElement[bool] | None]:
    return lambda name: column == name if f"/{collection}/" in name else None


_ACTS = TableHoldings(
    [
        Rows(f"{_PACKAGE}.{kind}", table, lambda row: row.name, officers, _named(name, collection), kept=_ACT_OF_OFFICE)
        for kind, table, name, collection, officers in (
            ("Grant", GrantRow, GrantRow.name, "grants", (GrantRow.officer,)),
            ("Emergency", EmergencyRow, EmergencyRow.name, "emergencies", (EmergencyRow.officer,)),
            ("AccessReview", AccessReviewRow, AccessReviewRow.name, "accessReviews", (AccessReviewRow.officer,)),
        )
    ]
)


class IdentityHoldings:
    """Officers, what they hold and did in office, and what was asked about people.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    @property
    def kinds(self) -> frozenset[str]:
        """Full names of the messages that it answers for."""
        return _ACTS.kinds | {_OFFICER, _OPERATION}

    @property
    def tables(self) -> frozenset[str]:
        """Names of its tables about people."""
        own = (OfficerRow, SubjectOperationRow, SubjectAnswerRow, *_WITH_OFFICER)
        return _ACTS.tables | {table.__tablename__ for table in own}

    @property
    def nobody(self) -> frozenset[str]:
        """Names of its tables about nobody: units, clients, marks; digests and codes that last days; proposals, emptied of persons."""
        about_nobody = (
            *("unit", "client", "mark", "throttle", "used_challenge", "voided_tokens", "authorization_code"),
            *("device_grant", "recovery", "proposal"),
        )
        return frozenset(about_nobody)

    async def find(self, session: AsyncSession, sought: Sought) -> list[Held]:
        """Returns what there is."""
        officers = (await session.scalars(select(OfficerRow).where(_about(sought)))).all()
        found = [Held(row.name, _OFFICER, erased=row.email.endswith(_ERASED_HOST)) for row in officers]
        found += await self._operations(session, sought)
        found += await _ACTS.find(session, sought)
        return [one for one in found if not sought.records or one.record in sought.records]

    async def _operations(self, session: AsyncSession, sought: Sought) -> list[Held]:
        """Earlier operations about the same person."""
        row = SubjectOperationRow
        wanted = [
            and_(row.subject_officer != "", row.subject_officer == sought.officer),
            and_(row.subject_name != "", func.lower(row.subject_name) == sought.display_name.lower()),
            and_(row.subject_identifier != "", row.subject_identifier == sought.identifier),
            row.name.in_(sought.records),
        ]
        found = select(row).where(or_(*wanted), row.name != sought.operation)
        rows = (await session.scalars(found.order_by(row.name))).all()
        return [Held(one.name, _OPERATION, erased=not (one.subject_name or one.subject_identifier)) for one in rows]

    async def erase(self, session: AsyncSession, held: Held, sought: Sought) -> FindingGround.ValueType:
        """Destroys the content of something."""
        if held.kind == _OPERATION:
            blank = update(SubjectOperationRow).where(SubjectOperationRow.name == held.record)
            await session.execute(blank.values(subject_name="", subject_identifier="", corrections={}))
            return _DONE
        if held.kind == _OFFICER:
            return await self._erase_officer(session, held.record)
        return await _ACTS.erase(session, held, sought)

    async def _erase_officer(self, session: AsyncSession, name: str) -> FindingGround.ValueType:
        row = await session.get_one(OfficerRow, name, with_for_update=True)
        if row.state == ACTIVE:
            return subject_pb2.FINDING_GROUND_STILL_IN_POST
        sessions = select(SessionRow.session_id).where(SessionRow.officer == name)
        await session.execute(delete(RefreshTokenRow).where(RefreshTokenRow.session_id.in_(sessions)))
        for table in (SessionRow, CredentialRow, PasskeyRow, UpstreamLinkRow):
            await session.execute(delete(table).where(table.officer == name))
        await session.execute(delete(ProvisionedRow).where(ProvisionedRow.name == name))
        row.given_name = row.family_name = row.language = ""
        row.email, row.gender, row.clearance = f"{row.officer_id}{_ERASED_HOST}", "UNDISCLOSED", 0
        row.totp_enrolled, row.version, row.update_time = False, row.version + 1, self._workshop.seams.clock()
        await session.flush()
        return _DONE

    async def correct(
        self, session: AsyncSession, held: Held, sought: Sought, corrections: dict[str, str]
    ) -> FindingGround.ValueType:
        """Puts an officer's record right; notifications and training hear of it as of any change."""
        if held.kind != _OFFICER or not sought.officer:
            return subject_pb2.FINDING_GROUND_NOT_THERE
        work = self._workshop.on(session)
        officer = await work.officers.find(held.record)
        if officer is None:
            return subject_pb2.FINDING_GROUND_NOT_THERE
        acting = Principal(name=sought.operation, country=country_of(sought.operation))
        await update_officer(work, acting, held.record, changes=corrections, etag=officer_etag(officer))
        return _DONE


def _about(sought: Sought) -> ColumnElement[bool]:
    if sought.officer:
        return OfficerRow.name == sought.officer
    wanted: list[ColumnElement[bool]] = []
    if sought.display_name:
        full = func.lower(OfficerRow.given_name + " " + OfficerRow.family_name)
        wanted += [full.contains(word, autoescape=True) for word in sought.display_name.lower().split()]
    if sought.identifier:
        wanted.append(OfficerRow.email == sought.identifier.lower())
    return and_(*wanted) if wanted else OfficerRow.name.in_(sought.records)
