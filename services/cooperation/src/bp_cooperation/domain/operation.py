"""Joint operations: who leads them, and who takes part."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from bp_kit.errors import Refused
from bp_kit.etags import etag_of
from bp_kit.names import country_of

MAX_MEMBERS = 200


@dataclass(frozen=True)
class Operation:
    """A joint operation.

    Attributes:
        name: `countries/FJI/operations/{uuid}`.
        unit: Who leads it: `countries/FJI/units/ncb`.
        display_name: What its members call it.
        end_time: When it ends, and every membership with it; None: not decided.
        version: Counts changes of it and of its members, from 1.
        create_time: When it was made.
        update_time: When it, or who takes part, last changed.
    """

    name: str
    unit: str
    display_name: str
    end_time: datetime | None
    version: int
    create_time: datetime
    update_time: datetime

    def changed(self, now: datetime, **fields: object) -> Operation:
        """Returns it after a change of it or of its members."""
        return replace(self, **fields, version=self.version + 1, update_time=now)  # type: ignore[arg-type]

    def check(self) -> None:
        """Refuses what no operation may be called.

        Raises:
            Refused: INVALID_FIELD.
        """
        if not self.display_name.strip():
            raise Refused("INVALID_FIELD", field="operation.display_name", description="is missing")


@dataclass(frozen=True)
class Member:
    """Somebody who takes part in an operation.

    Attributes:
        name: `countries/FJI/operations/{uuid}/members/{uuid}`.
        officer: `countries/TON/officers/mele`.
        end_time: Until when; None: as long as the operation.
        create_time: Since when.
    """

    name: str
    officer: str
    end_time: datetime | None
    create_time: datetime

    @property
    def operation(self) -> str:
        """The operation's name."""
        return operation_of(self.name)

    @property
    def country(self) -> str:
        """Code of the country that vouches for them."""
        return country_of(self.officer)

    def has_ended(self, now: datetime) -> bool:
        """Tells whether their part is over by now."""
        return self.end_time is not None and self.end_time <= now


def operation_etag(operation: Operation) -> str:
    """Returns the operation's etag."""
    return etag_of(operation.name, operation.version)


def operation_of(name: str) -> str:
    """Returns the operation that a member is named under; an operation's own name."""
    return "/".join(name.split("/")[:4])


def require_ahead(end_time: datetime | None, now: datetime, *, field: str) -> None:
    """Refuses what would be over before it begins.

    Raises:
        Refused: INVALID_FIELD.
    """
    if end_time is not None and end_time <= now:
        raise Refused("INVALID_FIELD", field=field, description="has passed")


def require_room(members: Collection[Member], officer: str) -> None:
    """Refuses to let somebody take part twice, and more than an operation can have.

    Raises:
        Refused: ALREADY_EXISTS, MEMBER_LIMIT_REACHED.
    """
    for member in members:
        if member.officer == officer:
            raise Refused("ALREADY_EXISTS", name=member.name)
    if len(members) >= MAX_MEMBERS:
        raise Refused("MEMBER_LIMIT_REACHED", limit=MAX_MEMBERS)


def check_told(operation: Operation, members: Collection[Member], countries: Collection[str]) -> None:
    """Refuses what another node tells of an operation, where it says one thing and the other.

    Args:
        operation: As it is told.
        members: Those of the countries that it is told to.
        countries: Their codes.

    Raises:
        Refused: INVALID_FIELD.
    """
    fits = country_of(operation.unit) == country_of(operation.name) and all(
        member.operation == operation.name and member.country in countries for member in members
    )
    once = len({member.name for member in members}) == len({member.officer for member in members}) == len(members)
    if not fits or not once:
        raise Refused("INVALID_FIELD", field="payload", description="does not fit its message")
