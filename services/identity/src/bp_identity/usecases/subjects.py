"""Everything about a person, everywhere: asking every service here, then every node that was sent what these found.

Other nodes are named the records, and never the person. Each answer may take as long as its node is dark; nothing waits for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from bp_identity.domain.subject_operation import LASTING, Asked, Subject, SubjectOperation
from bp_kit.errors import Refused
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of
from bp_kit.ports import Clock, Ids

_LOST = "done again after this node went back to a backup"


@dataclass(frozen=True)
class Draft:
    """What a data-protection officer wants done; see `SubjectOperation`."""

    act: str
    subject: Subject
    records: tuple[str, ...] = ()
    corrections: dict[str, str] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True)
class Answered:
    """What one service of one country answered.

    Attributes:
        operation: The operation's name.
        country: `TON`.
        service: `cooperation`.
        act: What was done.
        settled: Records that were done so, and not kept.
        copies: Records of which other countries were sent copies, by country: `TON`.
        raw: All of it, serialised.
    """

    operation: str
    country: str
    service: str
    act: str
    settled: tuple[str, ...]
    copies: dict[str, list[str]]
    raw: bytes


class Operations(Protocol):
    """Operations and their answers, within a transaction."""

    async def find(self, name: str, *, for_change: bool = False) -> SubjectOperation | None:
        """Returns the operation, locked when it is to be changed."""

    async def save(self, operation: SubjectOperation) -> None:
        """Keeps a new or changed operation."""

    async def asked(self, name: str) -> list[Asked]:
        """Returns who was asked, by country and service."""

    async def save_asked(self, name: str, asked: Asked) -> None:
        """Keeps that somebody was asked, or what they answered."""

    async def page(self, listing: Listing) -> Listed[SubjectOperation]:
        """Returns a page of one country's operations, newest first."""


class Asking(Protocol):
    """Asks services of this node and of others."""

    async def ask(self, operation: SubjectOperation, service: str, country: str, records: Iterable[str] | None) -> None:
        """Asks a service of a country; with records it is told these, and not the person."""


@dataclass(frozen=True)
class SubjectWork:
    """One transaction's parts.

    Attributes:
        operations: Operations and their answers.
        asking: Asks services.
        services: Short names of all services that hold personal data.
        countries: Codes of the countries whose people are kept here.
        clock: The time now.
        ids: Makes ids.
    """

    operations: Operations
    asking: Asking
    services: Collection[str]
    countries: Collection[str]
    clock: Clock
    ids: Ids


async def begin(work: SubjectWork, officer: str, parent: str, draft: Draft) -> SubjectOperation:
    """Asks every service of this node.

    Raises:
        Refused: INVALID_FIELD; NOT_FOUND for a country that is not served here.
    """
    country, now = country_of(parent), work.clock()
    if country not in work.countries:
        raise Refused("NOT_FOUND", name=parent)
    operation = SubjectOperation(
        name=f"{parent}/subjectOperations/{work.ids()}",
        act=draft.act,
        subject=draft.subject,
        records=draft.records,
        corrections=draft.corrections,
        reason=draft.reason,
        officer=officer,
        create_time=now,
        update_time=now,
    )
    operation.check()
    await work.operations.save(operation)
    for service in sorted(work.services):
        await work.operations.save_asked(operation.name, Asked(country, service, now))
        await work.asking.ask(operation, service, country, None)
    return operation


async def keep_answer(work: SubjectWork, answered: Answered) -> None:
    """Keeps what a service answered; asks the nodes that were sent what it found.

    An operation of this country's that nobody here knows was lost when the node went back to a backup: what another node says was blocked
    or erased then is blocked or erased here again.

    Raises:
        Refused: NOT_FOUND: nobody asked that.
    """
    operation = await work.operations.find(answered.operation, for_change=True)
    if operation is None and _is_lost(work, answered):
        await _repeat(work, answered)
        return
    asked = await work.operations.asked(answered.operation) if operation else []
    mine = next((one for one in asked if (one.country, one.service) == (answered.country, answered.service)), None)
    if operation is None or mine is None:
        raise Refused("NOT_FOUND", name=answered.operation)
    now = work.clock()
    done = Asked(mine.country, mine.service, mine.ask_time, now, answered.raw)
    await work.operations.save_asked(operation.name, done)
    others = [one for one in asked if one is not mine]
    if answered.country == country_of(operation.name):
        others += await _ask_holders(work, operation, answered, {(one.country, one.service) for one in asked})
    everybody = all(one.answer_time for one in others)
    await work.operations.save(operation.answered(now, all_of_them=everybody))


def _is_lost(work: SubjectWork, answered: Answered) -> bool:
    country = country_of(answered.operation)
    own = [one for one in answered.settled if country_of(one) == country]
    abroad = country in work.countries and answered.country not in work.countries
    return abroad and answered.act in LASTING and bool(own)


async def _repeat(work: SubjectWork, answered: Answered) -> None:
    """Has the service here do it again, to the records that the other node names; whom it was about is known to nobody any more."""
    country, now = country_of(answered.operation), work.clock()
    operation = SubjectOperation(
        name=answered.operation,
        act=answered.act,
        subject=Subject(),
        records=tuple(one for one in answered.settled if country_of(one) == country),
        reason=_LOST,
        officer="",
        create_time=now,
        update_time=now,
    )
    await work.operations.save(operation)
    await work.operations.save_asked(operation.name, Asked(answered.country, answered.service, now, now, answered.raw))
    await work.operations.save_asked(operation.name, Asked(country, answered.service, now))
    await work.asking.ask(operation, answered.service, country, None)


async def _ask_holders(
    work: SubjectWork, operation: SubjectOperation, answered: Answered, known: Collection[tuple[str, str]]
) -> list[Asked]:
    by_country: dict[str, list[str]] = defaultdict(list)
    for country, records in answered.copies.items():
        if (country, answered.service) not in known:
            by_country[country] += records
    asked = [Asked(country, answered.service, work.clock()) for country in sorted(by_country)]
    for one in asked:
        await work.operations.save_asked(operation.name, one)
        await work.asking.ask(operation, one.service, one.country, by_country[one.country])
    return asked
