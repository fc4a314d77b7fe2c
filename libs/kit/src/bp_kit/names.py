"""What every service reads off a resource name."""

from __future__ import annotations

from bp_kit.errors import Refused


def country_of(name: str) -> str:
    """Returns the country code in a name: `TON` of `countries/TON/units/ncb`; `-` of `countries/-`."""
    return name.split("/")[1]


def require_author(author: str, name: str) -> None:
    """Refuses what another country says about a country's own record.

    Raises:
        Refused: PERMISSION_DENIED.
    """
    if country_of(author) != country_of(name):
        raise Refused("PERMISSION_DENIED")
