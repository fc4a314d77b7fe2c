"""The client of one gateway, sync and async: `client.cooperation.requests.GetRequest(...)`, the same calls as over gRPC."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2

from bluepacific.identity.v1 import session_service_pb2 as sessions_pb2
from bp_client.async_channel import AsyncRestChannel
from bp_client.calls import Manner
from bp_client.channel import RestChannel
from bp_client.flow import HttpRequest, call_flow
from bp_client.oidc import Authorization, finish_flow
from bp_client.problem import Problem
from bp_client.session import ClientCredentials, Session, SignedIn, tokens_of
from bp_client.surface import AsyncSurface, Surface

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_REOPEN_SECONDS = 1.0
_USER_AGENT = "bluepacific-client"
Verify = ssl.SSLContext | str | bool


def _settings(gateway: str, verify: Verify) -> dict[str, Any]:
    # The own machine is never reached through a proxy, whatever the environment says.
    trusts = urlsplit(gateway).hostname not in _LOOPBACK
    return {
        "base_url": gateway.rstrip("/"),
        "verify": verify,
        "trust_env": trusts,
        "headers": {"user-agent": _USER_AGENT},
    }


def _manner(held: Manner, purpose: str | None, language: str | None, timeout: float | None) -> Manner:
    asked = {"x-purpose": purpose, "accept-language": language}
    headers: Mapping[str, str] = {**held.headers, **{key: value for key, value in asked.items() if value is not None}}
    return Manner(held.timeout if timeout is None else timeout, headers)


class BluePacific(Surface):
    """The client for programs without asyncio. Threads may share it; close it, or use it in a `with` block.

    Args:
        gateway: The gateway's URL: `https://node.police.example`.
        verify: TLS trust: True for the system's, a context, or a file of certificates.
        http: Replaces the HTTP client that the other arguments would make.
    """

    def __init__(self, gateway: str, *, verify: Verify = True, http: httpx2.Client | None = None) -> None:
        self.gateway = gateway.rstrip("/")
        self._http = http or httpx2.Client(**_settings(gateway, verify))
        self.session = Session()
        super().__init__(RestChannel(self._http, self.session))

    def asking(
        self, *, purpose: str | None = None, language: str | None = None, timeout: float | None = None
    ) -> BluePacific:
        """Returns a client of the same session whose calls state this purpose, language or time-out.

        Args:
            purpose: A `Purpose` value without prefix: `INVESTIGATION`.
            language: `en`, `fr`, `es`, `ar`.
            timeout: Seconds a call may take.
        """
        other = object.__new__(BluePacific)
        other.gateway, other._http, other.session = self.gateway, self._http, self.session
        Surface.__init__(other, self.channel.asking(_manner(self.channel.manner, purpose, language, timeout)))
        return other

    def sign_in(self, username: str, password: str, totp: str = "") -> str:
        """Signs a person in; renewed by itself until the session ends.

        Returns:
            Who signed in: `countries/FJI/officers/ana`.

        Raises:
            Problem: The gateway refused, or could not be reached.
        """
        request = sessions_pb2.SignInRequest(username=username, password=password, totp=totp)
        answer = self.identity.sessions.SignIn(request)
        self.session.begin(SignedIn(), tokens_of(answer))
        return str(answer.officer)

    def use_client_credentials(self, client_id: str, client_secret: str) -> None:
        """Calls as an OAuth client of a service; the first call gets the token."""
        self.session.begin(ClientCredentials(client_id, client_secret))

    def finish_sign_in(self, begun: Authorization, callback: str) -> None:
        """Ends a browser's sign-in that `oidc.begin` began.

        Raises:
            Problem: The person or the gateway refused.
        """
        self.channel.drive(finish_flow(self.session, begun, callback, time.time()))

    def sign_out(self) -> None:
        """Ends the session, at the gateway too."""
        tokens = self.session.tokens
        if tokens and tokens.refresh_token:
            self.identity.sessions.SignOut(sessions_pb2.SignOutRequest(refresh_token=tokens.refresh_token))
        self.session.end()

    def get(self, path: str) -> bytes:
        """Returns what stands at a path of the gateway that no proto describes: `/openapi.json`.

        Raises:
            Problem: The gateway refused, or could not be reached.
        """
        reply = self.channel.drive(call_flow(self.session, HttpRequest("GET", path)))
        return bytes(reply.body)

    def follow(self, method: Any, request: Any) -> Iterator[Any]:
        """Yields a stream's events for ever: opens it again, from the last event on, when it ends or breaks.

        Args:
            method: A stub's method that is answered with events.
            request: Its request.

        Raises:
            Problem: The gateway refused, other than by being unreachable.
        """
        last = ""
        while True:
            stream = method(request, metadata=(("last-event-id", last),) if last else None)
            try:
                for event in stream:
                    last = stream.last_event_id or last
                    yield event
            except Problem as problem:
                if problem.reason != "UNAVAILABLE":
                    raise
            finally:
                stream.cancel()
            time.sleep(_REOPEN_SECONDS)

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncBluePacific(AsyncSurface):
    """The client for asyncio. Close it, or use it in an `async with` block.

    Args:
        gateway: The gateway's URL: `https://node.police.example`.
        verify: TLS trust: True for the system's, a context, or a file of certificates.
        http: Replaces the HTTP client that the other arguments would make.
    """

    def __init__(self, gateway: str, *, verify: Verify = True, http: httpx2.AsyncClient | None = None) -> None:
        self.gateway = gateway.rstrip("/")
        self._http = http or httpx2.AsyncClient(**_settings(gateway, verify))
        self.session = Session()
        super().__init__(AsyncRestChannel(self._http, self.session))

    def asking(
        self, *, purpose: str | None = None, language: str | None = None, timeout: float | None = None
    ) -> AsyncBluePacific:
        """Returns a client of the same session whose calls state this purpose, language or time-out.

        Args:
            purpose: A `Purpose` value without prefix: `INVESTIGATION`.
            language: `en`, `fr`, `es`, `ar`.
            timeout: Seconds a call may take.
        """
        other = object.__new__(AsyncBluePacific)
        other.gateway, other._http, other.session = self.gateway, self._http, self.session
        AsyncSurface.__init__(other, self.channel.asking(_manner(self.channel.manner, purpose, language, timeout)))
        return other

    async def sign_in(self, username: str, password: str, totp: str = "") -> str:
        """Signs a person in; renewed by itself until the session ends.

        Returns:
            Who signed in: `countries/FJI/officers/ana`.

        Raises:
            Problem: The gateway refused, or could not be reached.
        """
        request = sessions_pb2.SignInRequest(username=username, password=password, totp=totp)
        answer = await self.identity.sessions.SignIn(request)
        self.session.begin(SignedIn(), tokens_of(answer))
        return str(answer.officer)

    def use_client_credentials(self, client_id: str, client_secret: str) -> None:
        """Calls as an OAuth client of a service; the first call gets the token."""
        self.session.begin(ClientCredentials(client_id, client_secret))

    async def finish_sign_in(self, begun: Authorization, callback: str) -> None:
        """Ends a browser's sign-in that `oidc.begin` began.

        Raises:
            Problem: The person or the gateway refused.
        """
        await self.channel.drive(finish_flow(self.session, begun, callback, time.time()))

    async def sign_out(self) -> None:
        """Ends the session, at the gateway too."""
        tokens = self.session.tokens
        if tokens and tokens.refresh_token:
            await self.identity.sessions.SignOut(sessions_pb2.SignOutRequest(refresh_token=tokens.refresh_token))
        self.session.end()

    async def get(self, path: str) -> bytes:
        """Returns what stands at a path of the gateway that no proto describes: `/openapi.json`.

        Raises:
            Problem: The gateway refused, or could not be reached.
        """
        reply = await self.channel.drive(call_flow(self.session, HttpRequest("GET", path)))
        return bytes(reply.body)

    async def follow(self, method: Any, request: Any) -> AsyncIterator[Any]:
        """Yields a stream's events for ever: opens it again, from the last event on, when it ends or breaks.

        Args:
            method: A stub's method that is answered with events.
            request: Its request.

        Raises:
            Problem: The gateway refused, other than by being unreachable.
        """
        last = ""
        while True:
            stream = method(request, metadata=(("last-event-id", last),) if last else None)
            try:
                async for event in stream:
                    last = stream.last_event_id or last
                    yield event
            except Problem as problem:
                if problem.reason != "UNAVAILABLE":
                    raise
            finally:
                await stream.aclose()
            await asyncio.sleep(_REOPEN_SECONDS)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
