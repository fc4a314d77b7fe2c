"""What of an HTTP request's headers goes on as gRPC metadata, and the deadline."""

from __future__ import annotations

import secrets

from bp_gateway.settings import GatewaySettings
from bp_gateway.transcode import Fault
from bp_kit.errors import Refused
from bp_kit.proofs import REQUEST_MARK

# With the greatest length: a gRPC server takes 8 KiB of metadata in all, and refuses more without a word that a person could read.
_PASSED = {b"authorization": 6144, b"dpop": 2048, b"accept-language": 500, b"x-purpose": 100, b"last-event-id": 500}
_NOT_WRITTEN = {b"authorization": "TOKEN_INVALID", b"dpop": "TOKEN_INVALID"}
_MILLIS = 1000

Headers = dict[bytes, bytes]
Metadata = tuple[tuple[str, str], ...]


def metadata_of(headers: Headers, traceparent: str) -> Metadata:
    """Returns the metadata of the call that a request comes to.

    Args:
        headers: By lower-case name.
        traceparent: The gateway's own span, as W3C writes it; empty for none.

    Raises:
        Refused: TOKEN_INVALID or INVALID_FIELD: a header is too long, or holds characters that gRPC metadata cannot carry.
    """
    found = [(REQUEST_MARK, secrets.token_hex(16))]
    for name, longest in _PASSED.items():
        value = headers.get(name)
        if value:
            found.append((name.decode(), _written(name, value, longest)))
    if traceparent:
        found.append(("traceparent", traceparent))
    return tuple(found)


def _written(name: bytes, value: bytes, longest: int) -> str:
    text = value.decode("latin-1")
    if len(text) <= longest and text.isascii() and text.isprintable():
        return text
    if name in _NOT_WRITTEN:
        raise Refused(_NOT_WRITTEN[name])
    raise Fault("json.header").refusal(parameter=name.decode())


def deadline_of(headers: Headers, settings: GatewaySettings) -> float:
    """Returns the seconds a call may take: `x-deadline-ms`, capped, or the usual.

    Raises:
        Refused: INVALID_FIELD: not a whole number of milliseconds above zero.
    """
    asked = headers.get(b"x-deadline-ms")
    if asked is None:
        return settings.deadline_seconds
    if not asked.isdigit() or len(asked) > len("1000000000") or not int(asked):
        raise Fault("json.integer").refusal(parameter="x-deadline-ms")
    return min(int(asked) / _MILLIS, settings.max_deadline_seconds)
