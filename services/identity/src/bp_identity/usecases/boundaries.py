"""Who may touch what: only the own country's, and only countries whose people are kept here."""

from __future__ import annotations

from bp_identity.usecases.work import Work
from bp_kit.call import Principal
from bp_kit.errors import Refused


def require_own(work: Work, principal: Principal, name: str) -> None:
    """Refuses names of other countries, and malformed ones.

    Raises:
        Refused: PERMISSION_DENIED; NOT_FOUND for a country that is not served here.
    """
    if name.split("/")[:2] != ["countries", principal.country]:
        raise Refused("PERMISSION_DENIED")
    if principal.country not in work.countries:
        raise Refused("NOT_FOUND", name=name)


def require_self_or_administrator(work: Work, principal: Principal, officer: str) -> None:
    """Refuses everybody but the officer and the administrators of the officer's country.

    Raises:
        Refused: PERMISSION_DENIED; NOT_FOUND for a country that is not served here.
    """
    require_own(work, principal, officer)
    if principal.name != officer and not principal.holds("administrator"):
        raise Refused("PERMISSION_DENIED")


async def hold_administrators(work: Work, country: str) -> None:
    """Makes changes that could take a country's administrators away wait for one another; called before anything else is locked."""
    await work.grants.administrators(country, work.clock())


async def require_administrator_left(work: Work, country: str) -> None:
    """Refuses a change after which nobody could administer the country; called after the change, before its commit.

    The change began with `hold_administrators`: of two at once, the second sees here what the first did.

    Raises:
        Refused: LAST_ADMINISTRATOR.
    """
    if not await work.grants.administrators(country, work.clock()):
        raise Refused("LAST_ADMINISTRATOR")
