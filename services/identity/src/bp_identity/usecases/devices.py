"""Device grants: begun by a program, decided by a person, traded once for a session (RFC 8628)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bp_identity.domain.device import APPROVED, DENIED, LIFETIME, USED, DeviceGrant, plain_user_code
from bp_identity.usecases.sessions import Issued, digest_of, open_session
from bp_identity.usecases.sign_in import Proof
from bp_identity.usecases.work import Desk, Work


async def begin_device(work: Work, *, device_code: str, user_code: str, client: str, scope: str) -> None:
    """Keeps a new grant that waits for a person."""
    await work.devices.add(
        DeviceGrant(
            digest=digest_of(device_code),
            user_digest=digest_of(plain_user_code(user_code)),
            client=client,
            scope=scope,
            expire_time=work.clock() + LIFETIME,
        )
    )


async def find_device(work: Work, typed: str) -> DeviceGrant | None:
    """Returns the grant that a person's code stands for, if it can still be decided."""
    plain = plain_user_code(typed)
    found = await work.devices.find_by_user_code(digest_of(plain)) if plain else None
    return found if found is not None and found.open_at(work.clock()) else None


async def decide_device(work: Work, typed: str, proof: Proof | None) -> bool:
    """Approves a grant for a person who has signed in, or denies it.

    Returns:
        False when it could no longer be decided.
    """
    grant = await find_device(work, typed)
    if grant is None:
        return False
    if proof is None:
        decided = replace(grant, state=DENIED)
    else:
        decided = replace(
            grant, state=APPROVED, officer=proof.officer.name, auth_time=proof.auth_time, methods=proof.methods
        )
    await work.devices.save(decided)
    return True


@dataclass(frozen=True)
class Waiting:
    """A grant as it stands when its program asks.

    Attributes:
        grant: It.
        expired: Its codes are worthless.
        too_soon: The program did not wait as it was told.
    """

    grant: DeviceGrant
    expired: bool
    too_soon: bool


async def ask_device(work: Work, device_code: str) -> Waiting | None:
    """Notes that the program has asked; returns None where the code is unknown or used. The caller must commit."""
    grant = await work.devices.find(digest_of(device_code))
    if grant is None or grant.state == USED:
        return None
    now = work.clock()
    await work.devices.save(grant.asked(now))
    return Waiting(grant, expired=grant.expired(now), too_soon=grant.asked_too_soon(now))


async def redeem_device(work: Work, desk: Desk, grant: DeviceGrant, thumbprint: str = "") -> Issued:
    """Opens the session of an approved grant, bound to the key that was shown, if any; uses the grant up."""
    issued = await open_session(
        work,
        desk,
        grant.officer,
        auth_time=grant.auth_time or work.clock(),
        methods=grant.methods,
        client=grant.client,
        scope=grant.scope,
        thumbprint=thumbprint,
    )
    await work.devices.save(replace(grant, state=USED))
    return issued
