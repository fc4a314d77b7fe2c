"""Ending sessions and access tokens before their time: whoever leaves, or lost a role, is out within seconds."""

from __future__ import annotations

from bp_identity.usecases.work import Work


async def end_session(work: Work, session_id: str, officer: str) -> None:
    """Ends one session of an officer."""
    await work.sessions.revoke(work.clock(), session_id=session_id)
    await void_tokens(work, officer)


async def end_sessions_of(work: Work, officer: str) -> None:
    """Ends all sessions of an officer."""
    await work.sessions.revoke(work.clock(), officer=officer)
    await void_tokens(work, officer)


async def end_sessions_through(work: Work, client: str) -> None:
    """Ends all sessions that a client opened."""
    await work.sessions.revoke(work.clock(), client=client)
    await void_tokens(work, client)


async def void_tokens(work: Work, holder: str) -> None:
    """Voids the access tokens of an officer or of a client that are out now; sessions go on and get new ones."""
    await work.voids.void(holder, work.clock())
