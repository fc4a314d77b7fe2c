"""Signing in through the country's own provider: an administrator says whom it means, it says that the person signed in."""

from __future__ import annotations

from collections.abc import Sequence

from bp_identity.usecases.boundaries import require_own
from bp_identity.usecases.ending import end_sessions_of
from bp_identity.usecases.sign_in import Proof
from bp_identity.usecases.work import Work
from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.names import country_of

# What a provider may say of how somebody signed in (RFC 8176); anything else is not passed on.
_METHODS = frozenset(
    {"face", "fpt", "hwk", "kba", "mca", "mfa", "otp", "pin", "pwd", "sc", "sms", "swk", "tel", "user"}
)
_LONGEST_SUBJECT = 255


async def link_upstream(work: Work, principal: Principal, name: str, *, issuer: str, subject: str) -> None:
    """Says whom the provider means by a subject, or by none from now on; ends the officer's sessions.

    Raises:
        Refused: PERMISSION_DENIED, NOT_FOUND, UPSTREAM_NOT_CONFIGURED, UPSTREAM_SUBJECT_TAKEN.
    """
    require_own(work, principal, name)
    if await work.officers.find(name, for_change=True) is None:
        raise Refused("NOT_FOUND", name=name)
    if not issuer:
        raise Refused("UPSTREAM_NOT_CONFIGURED")
    holder = await work.upstream_links.officer_of(issuer, subject) if subject else ""
    if holder not in ("", name):
        raise Refused("UPSTREAM_SUBJECT_TAKEN", field="subject")
    await work.upstream_links.save(issuer, subject, name)
    await end_sessions_of(work, name)


async def recognise(work: Work, issuer: str, subject: str, methods: Sequence[object]) -> Proof:
    """Returns who has signed in at the provider.

    Raises:
        Refused: UPSTREAM_FAILED: nobody here is linked with that subject, or not in service.
    """
    fits = 0 < len(subject) <= _LONGEST_SUBJECT and subject.isprintable()
    name = await work.upstream_links.officer_of(issuer, subject) if fits else ""
    officer = await work.officers.find(name) if name else None
    if officer is None or not officer.active:
        raise Refused("UPSTREAM_FAILED")
    said = tuple(str(one) for one in methods if one in _METHODS)
    return Proof(officer=officer, methods=said, auth_time=work.clock())


def is_meant(proof: Proof, country: str) -> bool:
    """Tells whether the officer is of the country that is signed in to; empty: of any served here."""
    return country in ("", country_of(proof.officer.name))
