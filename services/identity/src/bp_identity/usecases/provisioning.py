"""A country's own directory keeps its people here: joiners, movers and leavers, by the same acts as an administrator's."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bp_identity.domain.names import country_name, last_of, officer_name
from bp_identity.domain.officer import ACTIVE, INACTIVE, Officer, Person
from bp_identity.domain.provisioned import PersonWanted, Provisioned, short_id
from bp_identity.usecases.boundaries import require_own
from bp_identity.usecases.officers import create_officer, get_officer, officer_etag, set_officer_state, update_officer
from bp_identity.usecases.work import Work
from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.etags import check_etag, etag_of


@dataclass(frozen=True)
class Known:
    """An officer, and what the directory calls the person.

    Attributes:
        officer: The record.
        provisioned: What it is called.
    """

    officer: Officer
    provisioned: Provisioned

    @property
    def user_name(self) -> str:
        """By which the directory knows the person: an address, until it has said otherwise."""
        return self.provisioned.user_name or self.officer.person.email

    @property
    def etag(self) -> str:
        """Changes with each change of either."""
        return etag_of(officer_etag(self.officer), self.user_name, self.provisioned.external_id)


async def find_person(work: Work, principal: Principal, name: str) -> Known:
    """Returns an officer whom the directory has not deleted.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED.
    """
    officer = await get_officer(work, principal, name)
    provisioned = await work.provisioned.find(name) or Provisioned(name)
    if provisioned.removed and not officer.active:
        raise Refused("NOT_FOUND", name=name)
    return Known(officer, provisioned)


async def add_person(work: Work, principal: Principal, wanted: PersonWanted) -> Known:
    """A joiner: creates an officer, who holds no role yet.

    Raises:
        Refused: ALREADY_EXISTS for a user name that is taken, EMAIL_TAKEN, INVALID_FIELD, PERMISSION_DENIED.
    """
    require_own(work, principal, country_name(principal.country))
    await _require_free(work, principal, wanted, name="")
    name = await free_name(work, principal, wanted.user_name)
    await create_officer(work, principal, name=name, person=Person(**wanted.said))  # type: ignore[arg-type]
    await _call(work, name, wanted)
    if not wanted.active:
        await set_officer_state(work, principal, name, state=INACTIVE, etag="")
    return await find_person(work, principal, name)


async def change_person(work: Work, principal: Principal, name: str, wanted: PersonWanted, *, etag: str = "") -> Known:
    """Makes an officer what the directory wants: who is not active any more is out of every session.

    Raises:
        Refused: As `add_person`; NOT_FOUND, ETAG_MISMATCH, LAST_ADMINISTRATOR; REACTIVATION_NOT_YOURS where others took the person out.
    """
    known = await find_person(work, principal, name)
    check_etag(etag, known.etag)
    await _require_free(work, principal, wanted, name=name)
    await update_officer(work, principal, name, changes=wanted.said, etag="")
    if wanted.active and not known.officer.active and known.officer.deactivator != principal.name:
        raise Refused("REACTIVATION_NOT_YOURS")
    await set_officer_state(work, principal, name, state=ACTIVE if wanted.active else INACTIVE, etag="")
    await _call(work, name, wanted)
    return await find_person(work, principal, name)


async def remove_person(work: Work, principal: Principal, name: str, *, etag: str = "") -> None:
    """A leaver: deactivates an officer, whom the directory finds no more. What the person signed and learned stays.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, ETAG_MISMATCH, LAST_ADMINISTRATOR.
    """
    known = await find_person(work, principal, name)
    check_etag(etag, known.etag)
    await set_officer_state(work, principal, name, state=INACTIVE, etag="")
    await work.provisioned.save(replace(known.provisioned, user_name=known.user_name, removed=True))


async def free_name(work: Work, principal: Principal, text: str) -> str:
    """Returns the name of an officer that there is not yet, and that reads like a text."""
    readable = short_id(text, f"officer-{work.ids()[-12:]}")
    name = officer_name(principal.country, readable)
    return name if await work.officers.find(name) is None else f"{name}-{work.ids()[-12:]}"


async def _require_free(work: Work, principal: Principal, wanted: PersonWanted, *, name: str) -> None:
    holder = await work.provisioned.holder(principal.country, wanted.user_name)
    if holder and holder != name:
        raise Refused("ALREADY_EXISTS", name=last_of(holder))


async def _call(work: Work, name: str, wanted: PersonWanted) -> None:
    await work.provisioned.save(Provisioned(name, wanted.user_name, wanted.external_id))
