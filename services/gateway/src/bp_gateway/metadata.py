"""What of an HTTP request's headers goes on as gRPC metadata, and the deadline."""

from __future__ import annotations

from bp_gateway.settings import GatewaySettings
from bp_gateway.transcode import Fault
from bp_kit.errors import Refused

_PASSED = (b"authorization", b"accept-language", b"x-purpose", b"last-event-id")
_NOT_WRITTEN = {b"authorization": "TOKEN_INVALID"}
_MILLIS = 1000

Headers = dict[bytes, bytes]
Metadata = tuple[tuple[str, str], ...]


def metadata_of(headers: Headers, traceparent: str) -> Metadata:
    """Returns the call's metadata.

    Args:
        headers: By lower-case name.
        traceparent: The gateway's own span, as W3C writes it; empty for none.

    Raises:
        Refused: TOKEN_INVALID or INVALID_FIELD: a header holds characters that gRPC metadata cannot carry.
    """
    found = []
    for name in _PASSED:
        value = headers.get(name)
        if value:
            found.append((name.decode(), _written(name, value)))
    if traceparent:
        found.append(("traceparent", traceparent))
    return tuple(found)


def _written(name: bytes, value: bytes) -> str:
    text = value.decode("latin-1")
    if text.isascii() and text.isprintable():
        return text
    if name in _NOT_WRITTEN:
        raise Refused(_NOT_WRITTEN[name])
    raise Fault("json.header").refusal(field=name.decode())


def deadline_of(headers: Headers, settings: GatewaySettings) -> float:
    """Returns the seconds a call may take: `x-deadline-ms`, capped, or the usual.

    Raises:
        Refused: INVALID_FIELD: not a whole number of milliseconds above zero.
    """
    asked = headers.get(b"x-deadline-ms")
    if asked is None:
        return settings.deadline_seconds
    if not asked.isdigit() or len(asked) > len("1000000000") or not int(asked):
        raise Fault("json.integer").refusal(field="x-deadline-ms")
    return min(int(asked) / _MILLIS, settings.max_deadline_seconds)
