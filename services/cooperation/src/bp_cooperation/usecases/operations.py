"""Leading an operation, saying who takes part, and what the nodes of members' countries are told of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bp_cooperation.domain.operation import (
    Member,
    Operation,
    check_told,
    operation_etag,
    operation_of,
    require_ahead,
    require_room,
)
from bp_cooperation.usecases.arrivals import Arrival
from bp_cooperation.usecases.asking import Caller, Listing
from bp_cooperation.usecases.sight import acting_unit
from bp_cooperation.usecases.work import Work
from bp_kit.errors import Refused
from bp_kit.etags import check_etag
from bp_kit.listing import Listed
from bp_kit.names import country_of, require_author


@dataclass(frozen=True)
class OperationContent:
    """What is said of an operation."""

    display_name: str
    end_time: datetime | None


async def create_operation(
    work: Work, caller: Caller, *, country: str, unit: str, content: OperationContent
) -> Operation:
    """Makes an operation that a unit of the caller leads; an officer who makes one takes part.

    Raises:
        Refused: PERMISSION_DENIED, UNIT_NOT_CHOSEN, INVALID_FIELD.
    """
    possible = frozenset(one for one in caller.units if country_of(one) == country)
    now = work.clock()
    operation = Operation(
        name=f"countries/{country}/operations/{work.ids()}",
        unit=acting_unit(caller, unit, possible, field="operation.unit"),
        display_name=content.display_name.strip(),
        end_time=content.end_time,
        version=1,
        create_time=now,
        update_time=now,
    )
    operation.check()
    require_ahead(operation.end_time, now, field="operation.end_time")
    await work.operations.save(operation)
    if caller.is_officer:
        await work.operations.add_member(_member(work, operation, caller.name, None))
    return operation


async def see_operation(work: Work, caller: Caller, name: str, *, for_change: bool = False) -> Operation:
    """Returns an operation in which the caller takes part, or whose unit the caller heads.

    Raises:
        Refused: NOT_FOUND.
    """
    found = await work.operations.find_seen(operation_of(name), caller, work.clock(), for_change=for_change)
    if found is None:
        raise Refused("NOT_FOUND", name=name)
    return found


async def list_operations(work: Work, listing: Listing) -> Listed[Operation]:
    """Returns a page of the operations that the caller sees, newest first.

    Raises:
        Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    return await work.operations.page(listing, work.clock())


async def update_operation(
    work: Work, caller: Caller, name: str, *, content: OperationContent, fields: Collection[str], etag: str
) -> Operation:
    """Changes an operation, and tells the nodes of its members' countries.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, ETAG_MISMATCH, INVALID_FIELD.
    """
    operation = await _led(work, caller, name)
    check_etag(etag, operation_etag(operation))
    values = {field: getattr(content, field) for field in fields}
    changed = operation.changed(work.clock(), **values)
    changed.check()
    await work.operations.save(changed)
    members = await work.operations.members(operation.name)
    ends = changed.end_time is not None and changed.end_time <= work.clock()
    for country in sorted({member.country for member in members}):
        await _tell(work, changed, country, members, urgent=ends)
    return changed


async def create_member(work: Work, caller: Caller, name: str, *, officer: str, end_time: datetime | None) -> Member:
    """Lets an officer of any country take part, and tells their node.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, ALREADY_EXISTS, MEMBER_LIMIT_REACHED, INVALID_FIELD.
    """
    operation = await _led(work, caller, name)
    require_ahead(end_time, work.clock(), field="member.end_time")
    if not await work.directory.takes_part(country_of(officer)):
        raise Refused("INVALID_FIELD", field="member.officer", description="is of no country that takes part")
    members = await _lasting(work, operation)
    require_room(members, officer)
    member = _member(work, operation, officer, end_time)
    await work.operations.add_member(member)
    await _changed(work, operation, member.country, [*members, member])
    if member.country in work.rules.countries and officer != caller.name:
        await work.outlet.tell_of_operation(operation, officer)
    return member


async def list_members(work: Work, listing: Listing) -> Listed[Member]:
    """Returns a page of who takes part, oldest first.

    Raises:
        Refused: NOT_FOUND, INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    await see_operation(work, listing.seer, listing.parent)
    return await work.operations.members_page(listing)


async def delete_member(work: Work, caller: Caller, name: str) -> None:
    """Ends somebody's part, and tells their node.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED.
    """
    operation = await _led(work, caller, name)
    member = await work.operations.find_member(name)
    if member is None:
        raise Refused("NOT_FOUND", name=name)
    await work.operations.remove_member(member.name)
    members = await work.operations.members(operation.name)
    await _changed(work, operation, member.country, members, urgent=True)


async def keep_operation(work: Work, arrival: Arrival, operation: Operation, members: Collection[Member]) -> None:
    """Keeps how an operation that another country leads stands for officers here; what is older than what is known changes nothing.

    Raises:
        Refused: PERMISSION_DENIED, INVALID_FIELD.
    """
    require_author(arrival.author, operation.name)
    countries = {country_of(one) for one in arrival.recipients} & work.rules.countries
    check_told(operation, members, countries)
    known = await work.operations.find(operation.name, for_change=True)
    if operation.unit != arrival.author or (known and known.unit != operation.unit):
        raise Refused("PERMISSION_DENIED")
    if known and known.version >= operation.version:
        return
    before = {member.officer for member in await work.operations.members(operation.name)}
    await work.operations.save(replace(operation, update_time=work.clock()))
    await work.operations.put_members(operation.name, countries, members)
    for member in members:
        if member.officer not in before:
            await work.outlet.tell_of_operation(operation, member.officer)


async def _led(work: Work, caller: Caller, name: str) -> Operation:
    """Returns the operation of that name, or that a member of that name is of, where the caller may change it."""
    operation = await see_operation(work, caller, name, for_change=True)
    if operation.unit not in caller.units:
        raise Refused("PERMISSION_DENIED")
    return operation


async def _lasting(work: Work, operation: Operation) -> list[Member]:
    """Returns those whose part has not ended, and forgets the others."""
    members = await work.operations.members(operation.name)
    ended = [member for member in members if member.has_ended(work.clock())]
    for member in ended:
        await work.operations.remove_member(member.name)
    return [member for member in members if member not in ended]


async def _changed(
    work: Work, operation: Operation, country: str, members: Iterable[Member], *, urgent: bool = False
) -> None:
    changed = operation.changed(work.clock())
    await work.operations.save(changed)
    await _tell(work, changed, country, members, urgent=urgent)


async def _tell(work: Work, operation: Operation, country: str, members: Iterable[Member], *, urgent: bool) -> None:
    """Tells another country's node which of its officers take part, all of them; of others it need not know."""
    if country not in work.rules.countries:
        of_country = [member for member in members if member.country == country]
        await work.outlet.operation_changed(operation, country, of_country, urgent=urgent)


def _member(work: Work, operation: Operation, officer: str, end_time: datetime | None) -> Member:
    return Member(f"{operation.name}/members/{work.ids()}", officer, end_time, work.clock())
