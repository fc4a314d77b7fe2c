"""Authorization codes: made when a person has signed in for a client, traded once for a session."""

from __future__ import annotations

from dataclasses import dataclass

from bp_identity.domain.code import AuthorizationCode
from bp_identity.usecases.ending import end_session
from bp_identity.usecases.sessions import Issued, digest_of, open_session
from bp_identity.usecases.sign_in import Proof
from bp_identity.usecases.work import Desk, Work


@dataclass(frozen=True)
class CodeWanted:
    """What a client asked for, checked.

    Attributes:
        client: Its name.
        redirect_uri: Where the code goes.
        scope: OAuth scope, words separated by blanks.
        nonce: OpenID Connect nonce; empty when none.
        challenge: PKCE S256 challenge.
        thumbprint: Of the key that must trade the code; empty for any.
    """

    client: str
    redirect_uri: str
    scope: str
    nonce: str
    challenge: str
    thumbprint: str = ""


async def keep_code(work: Work, desk: Desk, code: str, wanted: CodeWanted, proof: Proof) -> None:
    """Keeps a new code for a person who has signed in."""
    await work.codes.add(
        AuthorizationCode(
            digest=digest_of(code),
            client=wanted.client,
            officer=proof.officer.name,
            redirect_uri=wanted.redirect_uri,
            scope=wanted.scope,
            nonce=wanted.nonce,
            challenge=wanted.challenge,
            auth_time=proof.auth_time,
            methods=proof.methods,
            expire_time=work.clock() + desk.lifetimes.code,
            thumbprint=wanted.thumbprint,
        )
    )


async def find_code(work: Work, code: str) -> AuthorizationCode | None:
    """Returns the code if it can be traded now; None for an unknown, expired or used one.

    A code used before ends the session it became: one of its two users stole it (RFC 9700, 2.1.1). The caller must commit.
    """
    found = await work.codes.find(digest_of(code))
    if found is None:
        return None
    if found.session_id:
        await end_session(work, found.session_id, found.officer)
        return None
    if work.clock() >= found.expire_time:
        return None
    officer = await work.officers.find(found.officer)
    return found if officer is not None and officer.active else None


async def redeem_code(work: Work, desk: Desk, code: AuthorizationCode, thumbprint: str = "") -> Issued:
    """Opens the session of a code that `find_code` returned, bound to the key that was shown, if any; uses the code up."""
    issued = await open_session(
        work,
        desk,
        code.officer,
        auth_time=code.auth_time,
        methods=code.methods,
        client=code.client,
        scope=code.scope,
        thumbprint=thumbprint,
    )
    await work.codes.use(code.digest, issued.session.session_id)
    return issued
