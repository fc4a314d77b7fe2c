"""Recovery: an officer who has lost a factor asks, a colleague confirms who it is, the officer goes on without the factor.

Whoever asks sees the same whether or not there is such a person, and at the same cost: an attempt that can lead nowhere is kept, too.
"""

from __future__ import annotations

from dataclasses import replace

from bp_identity.domain.device import plain_user_code
from bp_identity.domain.names import officer_of
from bp_identity.domain.officer import Officer
from bp_identity.domain.recovery import CONFIRMED, LIFETIME, USED, Recovery
from bp_identity.usecases.boundaries import require_own
from bp_identity.usecases.second_factors import forget_second_factor
from bp_identity.usecases.sessions import digest_of
from bp_identity.usecases.sign_in import Attempt, count_attempt
from bp_identity.usecases.work import Desk, Work
from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.names import country_of


async def begin_recovery(desk: Desk, attempt: Attempt, *, code: str, ticket: str) -> None:
    """Keeps a recovery that waits for a colleague; one of nobody's where the password is wrong.

    Args:
        desk: What signing in needs.
        attempt: User name and password.
        code: To tell the colleague.
        ticket: Stays with the browser that asked.

    Raises:
        Refused: SIGN_IN_THROTTLED.
    """
    async with desk.transactions() as work:
        officer, credential = await count_attempt(work, attempt)
    known = credential.password_hash if credential and credential.usable(work.clock()) else ""
    fits = await desk.passwords.verify(known, attempt.password)
    async with desk.transactions() as work:
        whose = f"{officer.name}/" if fits and officer is not None and officer.active else ""
        now = work.clock()
        await work.recoveries.add(
            Recovery(
                name=f"{whose}recoveries/{work.ids()}",
                code_digest=digest_of(plain_user_code(code)),
                ticket_digest=digest_of(ticket),
                create_time=now,
                expire_time=now + LIFETIME,
            )
        )


async def find_recovery(work: Work, principal: Principal, parent: str, code: str) -> tuple[Recovery, Officer]:
    """Returns what a colleague's code stands for, and whom.

    Raises:
        Refused: PERMISSION_DENIED, RECOVERY_CODE_WRONG, RECOVERY_OWN.
    """
    require_own(work, principal, parent)
    found = await work.recoveries.find_by_code(digest_of(plain_user_code(code)))
    if found is None or not found.open_at(work.clock()) or not found.name.startswith(f"{parent}/"):
        raise Refused("RECOVERY_CODE_WRONG", field="code")
    officer = await work.officers.find(officer_of(found.name))
    if officer is None or not officer.active:
        raise Refused("RECOVERY_CODE_WRONG", field="code")
    if officer.name == principal.name:
        raise Refused("RECOVERY_OWN")
    return found, officer


async def confirm_recovery(work: Work, principal: Principal, name: str, code: str) -> tuple[Recovery, Officer]:
    """Lets the officer go on, whom the caller knows to be who asked; tells the officer and the country's administrators.

    Raises:
        Refused: As `find_recovery`; PERMISSION_DENIED also where no person calls.
    """
    if "/officers/" not in principal.name:
        raise Refused("PERMISSION_DENIED")
    found, officer = await find_recovery(work, principal, f"countries/{country_of(name)}", code)
    if found.name != name:
        raise Refused("RECOVERY_CODE_WRONG", field="code")
    confirmed = found.confirmed_by(principal.name)
    if confirmed is not found:
        await work.recoveries.save(confirmed)
        told = {officer.name, *await work.grants.administrators(country_of(name), work.clock())} - {principal.name}
        await work.directory.sign_in_changed("recovery_confirmed", name, tuple(sorted(told)))
    return confirmed, officer


async def complete_recovery(work: Work, ticket: str) -> bool:
    """Forgets the officer's one-time code secret and passkeys, once, and ends all sessions; the password stays.

    Returns:
        False while nobody has confirmed it, or when it can no longer be used.
    """
    found = await work.recoveries.find_by_ticket(digest_of(ticket))
    if found is None or found.state != CONFIRMED or not found.open_at(work.clock()):
        return False
    name = officer_of(found.name)
    officer = await work.officers.find(name, for_change=True)
    if officer is None or not officer.active:
        return False
    await work.recoveries.save(replace(found, state=USED))
    await forget_second_factor(work, officer)
    return True
