"""SessionService."""

from __future__ import annotations

from typing import Any

from google.protobuf.empty_pb2 import Empty

from bluepacific.identity.v1 import session_pb2
from bluepacific.identity.v1 import session_service_pb2 as pb
from bluepacific.identity.v1 import session_service_pb2_grpc as grpc_
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.domain.names import session_name
from bp_identity.domain.session import Session
from bp_identity.usecases import sessions, sign_in
from bp_identity.usecases.sessions import Issued
from bp_identity.usecases.work import Desk
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.listing import listing_of
from bp_kit.times import timestamp


class SessionServicer(grpc_.SessionServiceServicer):
    """Signing in without a browser, and the sessions of an officer.

    Args:
        workshop: Makes the parts of a transaction.
        desk: What signing in needs.
    """

    def __init__(self, workshop: Workshop, desk: Desk) -> None:
        self._workshop = workshop
        self._desk = desk

    async def SignIn(self, request: pb.SignInRequest, context: Any) -> pb.TokenSet:
        """Signs a person in."""
        attempt = sign_in.Attempt(request.username, request.password, request.totp)
        return _token_set(await sign_in.sign_in(self._desk, attempt))

    async def RefreshSession(self, request: pb.RefreshSessionRequest, context: Any) -> pb.TokenSet:
        """Gives new tokens for a refresh token."""
        return _token_set(await sessions.refresh_session(self._desk, request.refresh_token))

    async def SignOut(self, request: pb.SignOutRequest, context: Any) -> Empty:
        """Ends the session of a refresh token."""
        await sessions.sign_out(self._workshop.on(current_session()), request.refresh_token)
        return Empty()

    async def ChangePassword(self, request: pb.ChangePasswordRequest, context: Any) -> pb.TokenSet:
        """Changes one's password and signs in anew."""
        attempt = sign_in.Attempt(request.username, request.password, request.totp)
        return _token_set(await sign_in.change_password(self._desk, attempt, request.new_password))

    async def ListSessions(self, request: pb.ListSessionsRequest, context: Any) -> pb.ListSessionsResponse:
        """Lists sessions that last, oldest first."""
        work = self._workshop.on(current_session())
        listed = await sessions.list_sessions(work, current_call().principal, listing_of(request))
        return pb.ListSessionsResponse(
            sessions=[_message(session) for session in listed.items], next_page_token=listed.next_token
        )

    async def EndSession(self, request: pb.EndSessionRequest, context: Any) -> Empty:
        """Ends a session."""
        await sessions.end_named_session(self._workshop.on(current_session()), current_call().principal, request.name)
        return Empty()


def _message(session: Session) -> session_pb2.Session:
    return session_pb2.Session(
        name=session_name(session.officer, session.session_id),
        client=session.client,
        auth_time=timestamp(session.auth_time),
        methods=session.methods,
        expire_time=timestamp(session.expire_time),
    )


def _token_set(issued: Issued) -> pb.TokenSet:
    return pb.TokenSet(
        access_token=issued.access_token,
        expire_time=timestamp(issued.expire_time),
        refresh_token=issued.refresh_token,
        session_expire_time=timestamp(issued.session.expire_time),
        officer=issued.session.officer,
    )
