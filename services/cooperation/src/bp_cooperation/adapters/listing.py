"""Pages of rows by what a list call asks for, and through whose eyes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, exists
from sqlalchemy.orm import InstrumentedAttribute

from bp_cooperation.adapters.tables import AudienceRow
from bp_cooperation.usecases.asking import Caller, Listing
from bp_kit.names import country_of

_ALL = "-"


def seen_through(record: InstrumentedAttribute[str], caller: Caller) -> ColumnElement[bool]:
    """Returns the condition that the caller's units may know of a row's record, and that the caller takes part in its operation."""
    return exists().where(
        AudienceRow.record == record,
        AudienceRow.unit.in_(sorted(caller.units)),
        AudienceRow.operation.in_(["", *sorted(caller.operations)]),
    )


def in_country(statement: Select[Any], column: InstrumentedAttribute[str], listing: Listing) -> Select[Any]:
    """Returns the statement narrowed to the country of the listing's parent; `countries/-` is all."""
    country = country_of(listing.parent)
    return statement if country == _ALL else statement.where(column == country)
