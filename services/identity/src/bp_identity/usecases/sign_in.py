"""Proving who one is.

An attempt is counted in a transaction of its own before the password is looked at; whatever follows, the count stays. The password is
compared outside of any transaction, at the same cost whether or not there is such a person. A second transaction takes the one-time
code, once, and forgets the count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bp_identity.domain.credential import Credential
from bp_identity.domain.names import last_of
from bp_identity.domain.officer import Officer
from bp_identity.domain.password import check_password
from bp_identity.domain.throttle import FREE_SPRAYED, sprayed
from bp_identity.usecases.ending import end_sessions_of
from bp_identity.usecases.passkeys import Assertion, assert_passkey
from bp_identity.usecases.sessions import Issued, open_session
from bp_identity.usecases.work import Desk, Work
from bp_kit.errors import Refused
from bp_kit.names import country_of

# Asked about where there is no such officer, so that both cost the same.
_NOBODY = "countries/-/officers/-"


@dataclass(frozen=True)
class Device:
    """A browser from which an officer has signed in before.

    Attributes:
        officer: Whose.
        device_id: Tells it from others.
    """

    officer: str
    device_id: str


@dataclass(frozen=True)
class Attempt:
    """What somebody gave to sign in.

    Attributes:
        username: Officer id, e-mail address or full name.
        password: As typed.
        totp: One-time code; empty when none was given.
        country: Code of the only country whose officers are meant; empty for any served here.
        device: The browser, if it is known.
    """

    username: str
    password: str
    totp: str = ""
    country: str = ""
    device: Device | None = None

    @property
    def key(self) -> str:
        """The user name as it is looked up and counted."""
        typed = self.username.strip()
        return typed if typed.startswith("countries/") else typed.casefold()

    def counted_as(self, officer: Officer | None) -> str:
        """Returns under which name it is counted.

        Attempts from a browser that the officer has used before are counted apart, so that strangers who keep trying a name can slow each
        other down but never keep its owner out.
        """
        if officer is None or self.device is None or self.device.officer != officer.name:
            return self.key
        return f"{self.key} {self.device.device_id}"


@dataclass(frozen=True)
class Proof:
    """Somebody proved to be this officer.

    Attributes:
        officer: Who.
        methods: How, by RFC 8176.
        auth_time: When.
    """

    officer: Officer
    methods: tuple[str, ...]
    auth_time: datetime


async def authenticate(desk: Desk, attempt: Attempt, *, new_password: str = "") -> Proof:
    """Checks an attempt; with a new password also changes it, and ends the sessions made with the old one.

    Raises:
        Refused: SIGN_IN_THROTTLED, SIGN_IN_FAILED, TOTP_REQUIRED, PASSKEY_REQUIRED, PASSWORD_CHANGE_REQUIRED, PASSWORD_LENGTH,
            PASSWORD_COMMON.
    """
    if new_password:
        # Before anything is counted: what nobody may choose needs no knowledge of the person.
        check_password(new_password)
    async with desk.transactions() as work:
        officer, credential = await count_attempt(work, attempt)
        passkeys = await work.passkeys.of_officer(officer.name if officer else _NOBODY)
    known = credential.password_hash if credential and credential.usable(work.clock()) else ""
    fits = await desk.passwords.verify(known, attempt.password)
    if not fits or officer is None or credential is None or not officer.active:
        raise Refused("SIGN_IN_FAILED")
    if not attempt.totp and (credential.totp_sealed or passkeys):
        raise Refused("TOTP_REQUIRED" if credential.totp_sealed else "PASSKEY_REQUIRED")
    if credential.temporary and not new_password:
        raise Refused("PASSWORD_CHANGE_REQUIRED")
    changed = await _next_credential(desk, attempt, officer, credential, new_password)
    async with desk.transactions() as work:
        proof = await _take(work, desk, attempt, officer=officer, seen=credential, changed=changed)
        if new_password:
            await end_sessions_of(work, officer.name)
    return proof


async def authenticate_with_passkey(desk: Desk, assertion: Assertion, country: str) -> Proof:
    """Checks what a passkey signed, alone: it saw its owner's finger, face or PIN, so it is two factors in one.

    Raises:
        Refused: SIGN_IN_FAILED.
    """
    async with desk.transactions() as work:
        passkey = await assert_passkey(work, desk, assertion)
        officer = await work.officers.find(passkey.officer)
        if officer is None or not officer.active or country not in ("", country_of(officer.name)):
            raise Refused("SIGN_IN_FAILED")
        return Proof(officer=officer, methods=passkey.methods, auth_time=work.clock())


async def sign_in(desk: Desk, attempt: Attempt) -> Issued:
    """Signs a person in.

    Raises:
        Refused: As `authenticate`.
    """
    return await _open(desk, await authenticate(desk, attempt))


async def change_password(desk: Desk, attempt: Attempt, new_password: str) -> Issued:
    """Changes a person's password, ends all sessions and opens one.

    Raises:
        Refused: As `authenticate`.
    """
    return await _open(desk, await authenticate(desk, attempt, new_password=new_password))


async def _open(desk: Desk, proof: Proof) -> Issued:
    async with desk.transactions() as work:
        return await open_session(
            work, desk, proof.officer.name, auth_time=proof.auth_time, methods=proof.methods, client="", scope=""
        )


async def count_attempt(work: Work, attempt: Attempt) -> tuple[Officer | None, Credential | None]:
    """Counts an attempt, and returns whom it means.

    Raises:
        Refused: SIGN_IN_THROTTLED.
    """
    officer = await work.officers.find_by_username(attempt.key, attempt.country)
    counted = attempt.counted_as(officer)
    throttle = await work.throttles.find(counted)
    await work.throttles.save(counted, throttle.attempt(work.clock()))
    if counted == attempt.key:
        # Not from a browser that the officer has used before: nobody is kept out because others try the same password.
        password = sprayed(attempt.password)
        many = await work.throttles.find(password)
        await work.throttles.save(password, many.attempt(work.clock(), FREE_SPRAYED))
    return officer, await work.credentials.find(officer.name if officer else _NOBODY)


async def _next_credential(
    desk: Desk, attempt: Attempt, officer: Officer, credential: Credential, new_password: str
) -> Credential:
    """Returns the credential with the new password, or with the old one hashed at today's cost."""
    if new_password:
        person = officer.person
        words = (last_of(officer.name), person.given_name, person.family_name, person.email.partition("@")[0])
        check_password(new_password, own_words=words)
        if new_password == attempt.password:
            raise Refused("PASSWORD_COMMON", field="new_password")
        hashed = await desk.passwords.hash(new_password)
        return replace(credential, password_hash=hashed, password_expire_time=None)
    if desk.passwords.is_outdated(credential.password_hash):
        return replace(credential, password_hash=await desk.passwords.hash(attempt.password))
    return credential


async def _take(
    work: Work, desk: Desk, attempt: Attempt, *, officer: Officer, seen: Credential, changed: Credential
) -> Proof:
    now = work.clock()
    current = await work.credentials.find(officer.name, for_change=True)
    # Somebody may have changed the password, or used the same code, while ours was compared.
    if current is None or current.password_hash != seen.password_hash or current.totp_sealed != seen.totp_sealed:
        raise Refused("SIGN_IN_FAILED")
    taken = replace(changed, totp_step=current.totp_step, totp_pending=current.totp_pending)
    methods: tuple[str, ...] = ("pwd",)
    if current.totp_sealed:
        step = desk.one_time_codes.match(officer.name, current.totp_sealed, attempt.totp, now)
        with_code = taken.took_code(step)
        if with_code is None:
            raise Refused("SIGN_IN_FAILED")
        taken, methods = with_code, ("pwd", "otp")
    elif await work.passkeys.of_officer(officer.name):
        raise Refused("PASSKEY_REQUIRED")
    await work.credentials.save(taken)
    counted = attempt.counted_as(officer)
    await work.throttles.forget(counted)
    if counted == attempt.key:
        password = sprayed(attempt.password)
        await work.throttles.save(password, (await work.throttles.find(password)).taken_back())
    return Proof(officer=officer, methods=methods, auth_time=now)
