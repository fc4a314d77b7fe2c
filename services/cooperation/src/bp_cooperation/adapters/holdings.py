"""What cooperation holds about people, for data-protection officers: in the words and entities of requests, replies and files' names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bluepacific.common.v1 import subject_pb2
from bluepacific.common.v1.subject_pb2 import FindingGround
from bp_cooperation.adapters.tables import (
    AddresseeRow,
    AnswerRow,
    AttachmentRow,
    AudienceRow,
    CarrierRow,
    DirectiveRow,
    DiscardedBlobRow,
    EntityRow,
    MemberRow,
    OpeningRow,
    OperationRow,
    ReplyRow,
    RequestRow,
    RevisionRow,
    RungRow,
    SharingRow,
    WaitingRow,
)
from bp_cooperation.adapters.unit_of_work import Workshop
from bp_cooperation.domain.names import is_reply
from bp_cooperation.domain.text import folded
from bp_cooperation.usecases.subjects import GONE, correct_record, erase_record
from bp_kit.names import country_of
from bp_kit.subjects.holdings import Held, Sought
from bp_kit.subjects.table_holdings import Rows, TableHoldings

_PACKAGE = "bluepacific.cooperation.v1"
_REQUEST, _REPLY = f"{_PACKAGE}.Request", f"{_PACKAGE}.Reply"
_DONE = subject_pb2.FINDING_GROUND_UNSPECIFIED
_TABLES = (RequestRow, ReplyRow, EntityRow, AttachmentRow, RevisionRow, DiscardedBlobRow, CarrierRow, WaitingRow)
# Who may know of what, how far it got, who acted: units and officers by id, and never anything of the content.
_NOBODY = (AudienceRow, RungRow, OpeningRow, DirectiveRow, AnswerRow, SharingRow, AddresseeRow, OperationRow)
# Who takes part in which operation: given and taken in office, like a role.
_MEMBERS = TableHoldings(
    [
        Rows(
            f"{_PACKAGE}.Member",
            MemberRow,
            lambda row: row.name,
            (MemberRow.officer,),
            lambda name: MemberRow.name == name if "/members/" in name else None,
            kept=subject_pb2.FINDING_GROUND_OFFICIAL_ACT,
        )
    ]
)


class CooperationHoldings:
    """Requests and replies that name a person, and those that an officer has written.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    @property
    def kinds(self) -> frozenset[str]:
        """Full names of the messages that it answers for."""
        within = (f"{_PACKAGE}.{part}" for part in ("Entity", "Attachment", "Revision"))
        return frozenset({_REQUEST, _REPLY, *within}) | _MEMBERS.kinds

    @property
    def tables(self) -> frozenset[str]:
        """Names of its tables about people."""
        return frozenset(table.__tablename__ for table in _TABLES) | _MEMBERS.tables

    @property
    def nobody(self) -> frozenset[str]:
        """Names of its tables about nobody."""
        return frozenset(table.__tablename__ for table in _NOBODY)

    async def find(self, session: AsyncSession, sought: Sought) -> list[Held]:
        """Returns what there is."""
        named = set(sought.records) if sought.by_name_only else await _naming(session, sought)
        found: list[Held] = []
        for kind, table in ((_REQUEST, RequestRow), (_REPLY, ReplyRow)):
            about = table.officer == sought.officer if sought.officer else table.name.in_(sorted(named))
            rows = (await session.scalars(select(table).where(about).order_by(table.name))).all()
            found += [await self._held(session, row, kind) for row in rows]
        found += await _MEMBERS.find(session, sought)
        return [one for one in found if not sought.records or one.record in sought.records]

    async def _held(self, session: AsyncSession, row: Any, kind: str) -> Held:
        """Returns a request's or a reply's row as what is held; it can be read as its entities, too, and those of its replies."""
        beneath = or_(EntityRow.source == row.name, EntityRow.source.startswith(f"{row.name}/", autoescape=True))
        entities = await session.scalars(select(EntityRow.name).where(beneath))
        audience = await session.scalars(select(AudienceRow.unit).where(AudienceRow.record == row.name))
        own = self._workshop.rules.countries
        holders = {country_of(unit) for unit in (*audience, *row.recipients) if row.send_time} - set(own)
        return Held(
            record=row.name,
            kind=kind,
            holders=tuple(f"countries/{one}" for one in sorted(holders)) if country_of(row.unit) in own else (),
            also=tuple(entities),
            erased=row.state in GONE,
            owner=country_of(row.unit),
        )

    async def erase(self, session: AsyncSession, held: Held, sought: Sought) -> FindingGround.ValueType:
        """Destroys a record's content; what an officer wrote in office stays."""
        if sought.officer or held.kind in _MEMBERS.kinds:
            return subject_pb2.FINDING_GROUND_OFFICIAL_ACT
        await erase_record(self._workshop.on(session), held.record, sought.operation)
        return _DONE

    async def correct(
        self, session: AsyncSession, held: Held, sought: Sought, corrections: dict[str, str]
    ) -> FindingGround.ValueType:
        """Puts the right name in the wrong one's place, and tells every holder."""
        right = corrections.get("display_name", "")
        if not sought.display_name or not right or held.kind in _MEMBERS.kinds:
            return subject_pb2.FINDING_GROUND_NOT_THERE
        done = await correct_record(
            self._workshop.on(session), held.record, sought.operation, wrong=sought.display_name, right=right
        )
        return _DONE if done else subject_pb2.FINDING_GROUND_NOT_THERE


async def _naming(session: AsyncSession, sought: Sought) -> set[str]:
    """Returns the names of requests and replies in which the person is named."""
    if sought.officer:
        return set()
    words = folded(f"{sought.display_name} {sought.identifier}").split()
    in_entities = and_(*(EntityRow.words.contains(word, autoescape=True) for word in words)) if words else false()
    names = set(await session.scalars(select(EntityRow.source).where(in_entities)))
    for name, texts in (
        (RequestRow.name, (RequestRow.title, RequestRow.text, RequestRow.bundle)),
        (ReplyRow.name, (ReplyRow.text, ReplyRow.bundle)),
        (RevisionRow.record, (RevisionRow.title, RevisionRow.text, RevisionRow.bundle)),
        (AttachmentRow.record, (AttachmentRow.file_name,)),
    ):
        names |= set(await session.scalars(select(name).where(_in_texts(sought, texts))))
    return {name for name in names if is_reply(name) or "/requests/" in name}


def _in_texts(sought: Sought, texts: Iterable[InstrumentedAttribute[str]]) -> ColumnElement[bool]:
    named = [name for name in (sought.display_name, sought.identifier) if name]
    return or_(*(and_(*(text.icontains(name, autoescape=True) for name in named)) for text in texts))
