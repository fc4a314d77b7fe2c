"""Setting up one-time codes."""

from __future__ import annotations

from dataclasses import replace

from bp_identity.domain.officer import Officer
from bp_identity.usecases.work import Desk, Work
from bp_kit.call import Principal
from bp_kit.errors import Refused


async def enrol_totp(work: Work, desk: Desk, principal: Principal) -> tuple[str, str]:
    """Makes a secret for the signed-in officer, in force once confirmed.

    Returns:
        The secret in base32, and its `otpauth://` address.

    Raises:
        Refused: NOT_FOUND when no officer with a password is signed in.
    """
    credential = await work.credentials.find(principal.name, for_change=True)
    if credential is None:
        raise Refused("NOT_FOUND", name=principal.name)
    secret = desk.one_time_codes.new_secret()
    await work.credentials.save(replace(credential, totp_pending=desk.one_time_codes.seal(principal.name, secret)))
    return secret, desk.one_time_codes.uri(secret, principal.name)


async def confirm_totp(work: Work, desk: Desk, principal: Principal, code: str) -> Officer:
    """Puts the waiting secret in force.

    Raises:
        Refused: TOTP_NOT_STARTED, TOTP_WRONG.
    """
    officer = await work.officers.find(principal.name, for_change=True)
    credential = await work.credentials.find(principal.name, for_change=True)
    if officer is None or credential is None or not credential.totp_pending:
        raise Refused("TOTP_NOT_STARTED")
    pending = credential.totp_pending
    took = credential.took_code(desk.one_time_codes.match(officer.name, pending, code, work.clock()))
    if took is None:
        raise Refused("TOTP_WRONG", field="totp")
    await work.credentials.save(replace(took, totp_sealed=pending, totp_pending=""))
    enrolled = replace(officer, totp_enrolled=True, version=officer.version + 1, update_time=work.clock())
    await work.officers.save(enrolled)
    return enrolled
