"""Where a binding's calls go: the channel by package and country, and the gRPC method on it."""

from __future__ import annotations

import binascii
import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any

import grpc

from bp_gateway.exchange import Exchange
from bp_gateway.settings import GatewaySettings
from bp_gateway.surface import Binding, Kind

# (proto package, ISO country code or None for this node's own) -> a grpc.aio or in-process channel.
Channels = Callable[[str, str | None], Any]

# The service did not answer, whatever it may have done.
CUT_OFF = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
_TOKEN_PARTS = 3
_COUNTRY = re.compile(r"[A-Z]{3}")


class Caller:
    """Calls one RPC at the place that its country's service stands.

    Args:
        binding: Which RPC.
        channels: Gives channels; may raise `Refused("UNAVAILABLE")` for a country that nobody serves.
        settings: Which countries' nodes stand beside this one.
    """

    def __init__(self, binding: Binding, channels: Channels, settings: GatewaySettings) -> None:
        self._binding = binding
        self._channels = channels
        self._settings = settings
        self._position = binding.template.country
        # By country, with the channel it belongs to: a channel may be replaced while we run.
        self._methods: dict[str | None, tuple[Any, Callable[..., Any]]] = {}

    def to(self, exchange: Exchange) -> Callable[..., Any]:
        """Returns the multi-callable for the country that a call is for; without one, this node's own."""
        country = exchange.segments[self._position] if self._position is not None else None
        if country is not None and not _COUNTRY.fullmatch(country):
            country = None
        if self._settings.hosted:
            country = self._served(exchange.headers, country)
        channel = self._channels(self._binding.package, country)
        known = self._methods.get(country)
        if known is None or known[0] is not channel:
            known = (channel, self._open(channel))
            self._methods[country] = known
        return known[1]

    def _served(self, headers: dict[bytes, bytes], named: str | None) -> str | None:
        """Whoever has a token of a node served here is asking that node, also for what another country wrote; else the name tells.

        The token is not verified: it says where the call goes, and the service there looks at it.
        """
        claims = claims_of(headers.get(b"authorization", b""))
        if claims.get("country") in self._settings.hosted:
            return str(claims["country"])
        return None if claims.get("iss") == self._settings.public_url else named

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


def claims_of(authorization: bytes) -> dict[str, Any]:
    """Returns what a token says of itself, unverified; empty where it cannot be read."""
    parts = authorization.rpartition(b" ")[2].split(b".")
    if len(parts) != _TOKEN_PARTS:
        return {}
    try:
        claims = json.loads(urlsafe_b64decode(parts[1] + b"=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}
