"""How the services of a node find and know each other when each is a process of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import Any

import grpc

from bp_kit.alone.following import FollowingChannel
from bp_kit.rpc.client import open_channel

# With several pods behind one name, calls go to all of them; and a pod that came back is found within seconds.
_OPTIONS = (
    ("grpc.lb_policy_name", "round_robin"),
    ("grpc.dns_min_time_between_resolutions_ms", 1000),
)


class Siblings:
    """Channels to the other services, each opened when it is first needed.

    Args:
        addresses: host:port by service.
        credentials: This service's own.
        other_places: host:port by service, of those that may stand at another place.
    """

    def __init__(
        self,
        addresses: Mapping[str, str],
        credentials: grpc.ChannelCredentials,
        other_places: Mapping[str, str] | None = None,
    ) -> None:
        self._addresses = addresses
        self._credentials = credentials
        self._other_places = other_places or {}
        self._open: dict[str, Any] = {}

    def channel(self, service: str) -> Any:
        """Returns the channel to a service.

        Raises:
            LookupError: Nobody said where it is.
        """
        if service not in self._open:
            address = self._addresses.get(service)
            if address is None:
                raise LookupError(f"BP_POD__ADDRESSES does not say where {service} is")
            other = self._other_places.get(service)
            here = self._to(address)
            self._open[service] = FollowingChannel(here, self._to(other)) if other else here
        return self._open[service]

    def _to(self, address: str) -> grpc.aio.Channel:
        return open_channel(f"dns:///{address}", self._credentials, _OPTIONS)

    async def aclose(self) -> None:
        """Closes all channels."""
        for channel in self._open.values():
            await channel.close()


def only_for(handlers: Mapping[str, Any], callers: frozenset[str]) -> dict[str, Any]:
    """Returns handlers that answer nobody but those services, known by their certificates.

    Args:
        handlers: By gRPC path.
        callers: Short names, as in the certificates' common name.
    """
    return {path: _guarded(handler, callers) for path, handler in handlers.items()}


def _guarded(handler: Any, callers: frozenset[str]) -> Any:
    serializers = (handler.request_deserializer, handler.response_serializer)
    if handler.response_streaming:
        return grpc.unary_stream_rpc_method_handler(_stream(handler.unary_stream, callers), *serializers)
    if handler.request_streaming:
        return grpc.stream_unary_rpc_method_handler(_single(handler.stream_unary, callers), *serializers)
    return grpc.unary_unary_rpc_method_handler(_single(handler.unary_unary, callers), *serializers)


def _single(behaviour: Callable[[Any, Any], Any], callers: frozenset[str]) -> Callable[[Any, Any], Any]:
    async def serve(request: Any, context: Any) -> Any:
        await _check(context, callers)
        return await behaviour(request, context)

    return serve


def _stream(behaviour: Callable[[Any, Any], Any], callers: frozenset[str]) -> Callable[[Any, Any], Any]:
    async def serve(request: Any, context: Any) -> AsyncIterator[Any]:
        await _check(context, callers)
        async with aclosing(behaviour(request, context)) as responses:
            async for response in responses:
                yield response

    return serve


async def _check(context: Any, callers: frozenset[str]) -> None:
    name = b"".join(context.auth_context().get("x509_common_name", ())).decode(errors="replace")
    if name not in callers:
        await context.abort(grpc.StatusCode.PERMISSION_DENIED, "only services of this node call here")
