"""What administrators do with officers, and what officers see of themselves."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bp_identity.domain.credential import Credential
from bp_identity.domain.grant import TWO_PERSON_ROLES, Grant
from bp_identity.domain.names import last_of
from bp_identity.domain.officer import ACTIVE, INACTIVE, Officer, Person
from bp_identity.usecases.boundaries import hold_administrators, require_administrator_left, require_own
from bp_identity.usecases.ending import end_sessions_of, void_tokens
from bp_identity.usecases.work import Desk, Work
from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.etags import check_etag, etag_of
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of

# 80 random bits, in groups that can be read out over the telephone.
_TEMPORARY_GROUPS, _TEMPORARY_GROUP = 4, 4
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


def officer_etag(officer: Officer) -> str:
    """Returns the officer's etag."""
    return etag_of(officer.name, officer.version)


async def get_me(work: Work, principal: Principal) -> tuple[Officer, list[Grant]]:
    """Returns the signed-in officer and the grants in force now.

    Raises:
        Refused: NOT_FOUND when a client is signed in.
    """
    officer = await work.officers.find(principal.name)
    if officer is None:
        raise Refused("NOT_FOUND", name=principal.name)
    now = work.clock()
    return officer, [grant for grant in await work.grants.of_officer(officer.name) if grant.in_force(now)]


async def get_officer(work: Work, principal: Principal, name: str) -> Officer:
    """Returns an officer of the caller's country.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED.
    """
    return await _officer(work, principal, name)


async def list_officers(work: Work, principal: Principal, listing: Listing) -> Listed[Officer]:
    """Returns a page of the caller's country's officers.

    Raises:
        Refused: PERMISSION_DENIED, INVALID_FILTER, INVALID_PAGE_TOKEN.
    """
    require_own(work, principal, listing.parent)
    return await work.officers.page(listing)


async def create_officer(work: Work, principal: Principal, *, name: str, person: Person) -> Officer:
    """Creates an officer, who cannot sign in yet.

    Raises:
        Refused: ALREADY_EXISTS, EMAIL_TAKEN, INVALID_FIELD, PERMISSION_DENIED.
    """
    require_own(work, principal, name)
    return await add_officer(work, name=name, person=person)


async def add_officer(work: Work, *, name: str, person: Person) -> Officer:
    """Creates an officer, whoever asks; also how a node is first set up.

    Raises:
        Refused: ALREADY_EXISTS, EMAIL_TAKEN, INVALID_FIELD.
    """
    now = work.clock()
    if await work.officers.find(name):
        raise Refused("ALREADY_EXISTS", name=name)
    person = person.checked()
    await _require_free_address(work, name, person.email)
    officer = Officer(name=name, person=person, state=ACTIVE, version=1, create_time=now, update_time=now)
    await work.officers.add(officer)
    await work.directory.officer_changed(officer, [], now)
    return officer


async def update_officer(
    work: Work, principal: Principal, name: str, *, changes: Mapping[str, Any], etag: str
) -> Officer:
    """Changes what is said about a person.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, ETAG_MISMATCH, EMAIL_TAKEN, INVALID_FIELD.
    """
    officer = await _officer(work, principal, name, for_change=True)
    check_etag(etag, officer_etag(officer))
    person = replace(officer.person, **changes).checked()
    await _require_free_address(work, name, person.email)
    changed = officer.with_person(person, work.clock())
    await _save(work, officer, changed)
    if person.clearance != officer.person.clearance:
        await void_tokens(work, name)
    return changed


async def set_officer_state(work: Work, principal: Principal, name: str, *, state: str, etag: str) -> Officer:
    """Lets an officer sign in or not; one who may not loses all sessions.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, ETAG_MISMATCH, LAST_ADMINISTRATOR.
    """
    require_own(work, principal, name)
    await hold_administrators(work, country_of(name))
    officer = await _officer(work, principal, name, for_change=True)
    check_etag(etag, officer_etag(officer))
    changed = officer.with_state(state, principal.name, work.clock())
    await _save(work, officer, changed)
    if changed is not officer and state == INACTIVE:
        await end_sessions_of(work, name)
        await require_administrator_left(work, country_of(name))
    return changed


async def reset_password(work: Work, desk: Desk, principal: Principal, name: str) -> tuple[str, datetime]:
    """Gives an officer a temporary password and ends the sessions; a second factor stays.

    Returns:
        The password, and when it stops working.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED; RECOVERY_NEEDED for those who could confirm what the caller proposes.
    """
    officer = await _officer(work, principal, name, for_change=True)
    if any(
        grant.role in TWO_PERSON_ROLES and grant.in_force(work.clock()) for grant in await work.grants.of_officer(name)
    ):
        raise Refused("RECOVERY_NEEDED")
    password = "-".join(
        "".join(secrets.choice(_READABLE) for _ in range(_TEMPORARY_GROUP)) for _ in range(_TEMPORARY_GROUPS)
    )
    now = work.clock()
    expires = now + desk.lifetimes.temporary_password
    hashed = await desk.passwords.hash(password)
    held = await work.credentials.find(name, for_change=True) or Credential(officer=name, password_hash="")
    await work.credentials.save(replace(held, password_hash=hashed, password_expire_time=expires))
    await work.officers.save(officer.touched(now))
    await end_sessions_of(work, name)
    # Whoever was just helped must not wait for what somebody else tried.
    for username in (name, last_of(name), officer.person.email):
        await work.throttles.forget(username)
    return password, expires


async def _officer(work: Work, principal: Principal, name: str, *, for_change: bool = False) -> Officer:
    require_own(work, principal, name)
    officer = await work.officers.find(name, for_change=for_change)
    if officer is None:
        raise Refused("NOT_FOUND", name=name)
    return officer


async def _save(work: Work, officer: Officer, changed: Officer) -> None:
    if changed is not officer:
        await work.officers.save(changed)
        grants = await work.grants.of_officer(officer.name)
        await work.directory.officer_changed(changed, grants, work.clock())


async def _require_free_address(work: Work, name: str, email: str) -> None:
    holder = await work.officers.find_by_email(country_of(name), email)
    if holder is not None and holder.name != name:
        raise Refused("EMAIL_TAKEN", field="officer.email")
