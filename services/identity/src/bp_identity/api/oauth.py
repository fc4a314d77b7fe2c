"""OAuthService: HTTP as the gateway passes it on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bluepacific.identity.v1 import oauth_service_pb2 as pb
from bluepacific.identity.v1 import oauth_service_pb2_grpc as grpc_
from bp_identity.adapters.keys import KeyFolder
from bp_identity.adapters.oauth.account_desk import AccountDesk
from bp_identity.adapters.oauth.device_desk import DeviceDesk
from bp_identity.adapters.oauth.metadata import discovery, jwks
from bp_identity.adapters.oauth.recovery_desk import RecoveryDesk
from bp_identity.adapters.oauth.sign_in_desk import SignInDesk
from bp_identity.adapters.oauth.sign_out_desk import SignOutDesk
from bp_identity.adapters.oauth.token_desk import TokenDesk
from bp_identity.adapters.oauth.upstream_desk import UpstreamDesk
from bp_identity.adapters.oauth.user_info import UserInfoDesk
from bp_identity.adapters.oauth.web import Answer, Asked


@dataclass(frozen=True)
class Provider:
    """The parts of the OpenID provider.

    Attributes:
        issuer: The node's public URL.
        keys: The node's keys.
        sign_in: The authorization endpoint.
        devices: The device authorization endpoint and its page.
        account: The account page.
        recovery: The recovery page.
        upstream: The way to the country's own provider.
        sign_out: The end-session endpoint.
        tokens: The token, revocation and introspection endpoints.
        user_info: The userinfo endpoint.
    """

    issuer: str
    keys: KeyFolder
    sign_in: SignInDesk
    devices: DeviceDesk
    account: AccountDesk
    recovery: RecoveryDesk
    upstream: UpstreamDesk
    sign_out: SignOutDesk
    tokens: TokenDesk
    user_info: UserInfoDesk


class OAuthServicer(grpc_.OAuthServiceServicer):
    """OpenID Connect and OAuth.

    Args:
        provider: Answers.
    """

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def GetDiscovery(self, request: pb.WebRequest, context: Any) -> pb.WebResponse:
        """Tells where everything is."""
        return _response(discovery(self._provider.issuer))

    async def GetJwks(self, request: pb.WebRequest, context: Any) -> pb.WebResponse:
        """Gives the public keys."""
        return _response(jwks(self._provider.keys.jwks()))

    async def Authorize(self, request: pb.WebRequest, context: Any) -> pb.WebResponse:
        """Shows the sign-in page; takes its form."""
        return _response(await self._provider.sign_in.authorize(_asked(request)))

    async def Token(self, request: pb.WebRequest, context: Any) -> pb.WebResponse:
        """Gives tokens."""
        return _response(await self._provider.tokens.token(_asked(request)))

    async def Revoke(self, request: pb.WebRequest, context: Any) -> pb.WebResponse:
        """Ends a session."""
        return _response(await self._provider.tokens.revoke(_asked(request)))

    async def Introspect(self, request: pb.WebRequest, context: Any) -> pb.WebResponse:
        """Tells whether a token counts."""
        return _response(await self._provider.tokens.introspect(_asked(request)))

    async def AuthorizeDevice(self, request: pb.WebRequest, context: Any) -> pb.WebResponse:
        """Gives a program on a device its codes."""
        return _response(await self._provider.devices.begin(_asked(request)))

    async def ApproveDevice(self, request: pb.WebRequest, context: Any) -> pb.WebResponse:
        """Shows the page on which a person lets a device in."""
        return _response(await self._provider.devices.page(_asked(request)))

    async def Account(self, request: pb.WebRequest, context: Any) -> pb.WebResponse:
        """Shows officers their passkeys and sessions."""
        return _response(await self._provider.account.answer(_asked(request)))

    async def Recover(self, request: pb.WebRequest, context: Any) -> pb.WebResponse:
        """Helps officers who have lost a factor."""
        return _response(await self._provider.recovery.answer(_asked(request)))

    async def ReturnFromUpstream(self, request: pb.WebRequest, context: Any) -> pb.WebResponse:
        """Sends browsers to the country's own provider, and takes them back."""
        return _response(await self._provider.upstream.answer(_asked(request)))

    async def EndSession(self, request: pb.WebRequest, context: Any) -> pb.WebResponse:
        """Signs a person out of a program."""
        return _response(await self._provider.sign_out.answer(_asked(request)))

    async def GetUserInfo(self, request: pb.WebRequest, context: Any) -> pb.WebResponse:
        """Gives claims about the signed-in officer."""
        return _response(await self._provider.user_info.answer(_asked(request)))


def _asked(request: pb.WebRequest) -> Asked:
    return Asked(
        method=request.method,
        path=request.path,
        query=request.query,
        headers=dict(request.headers),
        body=request.body,
    )


def _response(answer: Answer) -> pb.WebResponse:
    return pb.WebResponse(
        status=answer.status,
        headers=[pb.WebHeader(name=name, value=value) for name, value in answer.headers],
        body=answer.body,
    )
