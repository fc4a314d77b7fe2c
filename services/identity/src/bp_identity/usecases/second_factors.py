"""Taking away what an officer proves themselves with besides the password: two persons do it, in either of two ways."""

from __future__ import annotations

from dataclasses import replace

from bp_identity.domain.names import last_of
from bp_identity.domain.officer import Officer
from bp_identity.usecases.ending import end_sessions_of
from bp_identity.usecases.officers import get_officer
from bp_identity.usecases.work import Work
from bp_kit.call import Principal


async def reset_second_factor(work: Work, principal: Principal, name: str) -> Officer:
    """Forgets an officer's one-time code secret and passkeys and ends all sessions; the password stays.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED.
    """
    return await forget_second_factor(work, await get_officer(work, principal, name))


async def forget_second_factor(work: Work, officer: Officer) -> Officer:
    """Likewise, whoever asks; also how a recovery ends."""
    name = officer.name
    credential = await work.credentials.find(name, for_change=True)
    if credential is not None:
        await work.credentials.save(replace(credential, totp_sealed="", totp_pending=""))
    await work.passkeys.remove(name)
    changed = replace(officer.touched(work.clock()), totp_enrolled=False)
    await work.officers.save(changed)
    await end_sessions_of(work, name)
    # Whoever was just helped must not wait for what somebody else tried.
    for username in (name, last_of(name), officer.person.email):
        await work.throttles.forget(username)
    return changed
