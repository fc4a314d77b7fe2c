"""The port that each service with personal data answers: what it holds about a person, and how that is corrected and destroyed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.common.v1.subject_pb2 import FindingGround
from bp_kit.names import country_of


@dataclass(frozen=True)
class Sought:
    """Who, or what, an act is about.

    Attributes:
        operation: `countries/FJI/subjectOperations/{uuid}`.
        officer: `countries/FJI/officers/ana`; empty where it is about nobody of the own people.
        display_name: A name as records have it; may be empty.
        identifier: A number or address; may be empty.
        records: Nothing but these; empty: all.
    """

    operation: str
    officer: str = ""
    display_name: str = ""
    identifier: str = ""
    records: tuple[str, ...] = ()

    @property
    def by_name_only(self) -> bool:
        """It names records, and nobody."""
        return not (self.officer or self.display_name or self.identifier)


@dataclass(frozen=True)
class Held:
    """Something that a service holds.

    Attributes:
        record: Its name.
        kind: The full name of the message that it is.
        holders: Countries whose nodes were sent it: `countries/TON`.
        also: Other names by which it can be read.
        erased: Its content is gone already.
        owner: Code of the country whose it is, where its name does not tell: `TON`.
    """

    record: str
    kind: str
    holders: tuple[str, ...] = ()
    also: tuple[str, ...] = field(default=())
    erased: bool = False
    owner: str = ""

    @property
    def country(self) -> str:
        """Code of the country whose it is."""
        return self.owner or country_of(self.record)


class Holdings(Protocol):
    """What one service holds about people."""

    @property
    def kinds(self) -> frozenset[str]:
        """Full names of the messages with personal fields that it answers for."""

    @property
    def tables(self) -> frozenset[str]:
        """Names of its tables that it looks into or empties."""

    @property
    def nobody(self) -> frozenset[str]:
        """Names of its tables in which nothing is about a person."""

    async def find(self, session: AsyncSession, sought: Sought) -> list[Held]:
        """Returns what there is."""

    async def erase(self, session: AsyncSession, held: Held, sought: Sought) -> FindingGround.ValueType:
        """Destroys the content of something; a stub stays. Returns why not; unspecified where it did."""

    async def correct(
        self, session: AsyncSession, held: Held, sought: Sought, corrections: dict[str, str]
    ) -> FindingGround.ValueType:
        """Puts something right. Returns why not; unspecified where it did."""
