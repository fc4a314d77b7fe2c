"""Where a binding's calls go: the channel by package and country, and the gRPC method on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from bp_gateway.surface import Binding, Kind

# (proto package, ISO country code or None for this node's own) -> a grpc.aio or in-process channel.
Channels = Callable[[str, str | None], Any]

_COUNTRY = re.compile(r"[A-Z]{3}")


class Caller:
    """Calls one RPC at the place that its country's service stands.

    Args:
        binding: Which RPC.
        channels: Gives channels; may raise `Refused("UNAVAILABLE")` for a country that nobody serves.
    """

    def __init__(self, binding: Binding, channels: Channels) -> None:
        self._binding = binding
        self._channels = channels
        self._position = binding.template.country
        # By country, with the channel it belongs to: a channel may be replaced while we run.
        self._methods: dict[str | None, tuple[Any, Callable[..., Any]]] = {}

    def to(self, segments: list[str]) -> Callable[..., Any]:
        """Returns the multi-callable for the country that a path names; without one, this node's own."""
        country = segments[self._position] if self._position is not None else None
        if country is not None and not _COUNTRY.fullmatch(country):
            country = None
        channel = self._channels(self._binding.package, country)
        known = self._methods.get(country)
        if known is None or known[0] is not channel:
            known = (channel, self._open(channel))
            self._methods[country] = known
        return known[1]

    def _open(self, channel: Any) -> Callable[..., Any]:
        binding = self._binding
        if binding.kind is Kind.UPLOAD:
            open_method = channel.stream_unary
        elif binding.kind in (Kind.EVENTS, Kind.DOWNLOAD):
            open_method = channel.unary_stream
        else:
            open_method = channel.unary_unary
        method: Callable[..., Any] = open_method(
            binding.rpc_path,
            request_serializer=binding.new_request.SerializeToString,
            response_deserializer=binding.new_response.FromString,
        )
        return method
