"""Calls that waited at the gateway while their service could not be reached (docs/adr/0012-calls-that-wait.md).

The gateway says when it took the call, sealed by the node's key: a cluster's own gateway may have the same certificate, and pass on what
strangers say. It is believed in that alone: who called is proved by the token of then, and what they may do is asked of identity now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.message import Message

from bp_kit.errors import Refused
from bp_kit.rpc.methods import Method
from bp_kit.sealing import Sealer

# Metadata of a call: when the gateway took it, in seconds since 1970, sealed for the method and the token.
ACCEPTED = "accepted-time"
_GATEWAY = "gateway"
# Clocks of the two places differ, and the last try begins before the time is over.
_LEEWAY = timedelta(minutes=2)


def sealed_time(sealer: Sealer, path: str, metadata: Mapping[str, str], accepted: datetime) -> str:
    """Returns what the gateway says of a call that waited.

    Args:
        sealer: Of the node's key.
        path: The method's gRPC path.
        metadata: The call's, keys in lower case, with its token.
        accepted: When it was taken.
    """
    return sealer.seal(str(accepted.timestamp()).encode(), _purpose(path, metadata))


def accepted_time(
    method: Method, metadata: Mapping[str, str], context: Any, sealer: Sealer | None, now: datetime
) -> datetime | None:
    """Returns when the gateway took a call that waited there; None of one that did not wait.

    Args:
        method: What is called.
        metadata: The request's, keys in lower case.
        context: Of the call, which knows the caller's certificate.
        sealer: Of the node's key; None where no call waits.
        now: The time now.

    Raises:
        Refused: PERMISSION_DENIED where the caller is not the gateway, or the method does not wait; TOKEN_EXPIRED after too long.
    """
    text = metadata.get(ACCEPTED)
    if text is None:
        return None
    if not method.queue_seconds or sealer is None or not _comes_from_gateway(context):
        raise Refused("PERMISSION_DENIED")
    try:
        seconds = float(sealer.open(text, _purpose(method.path, metadata)))
    except ValueError:
        raise Refused("PERMISSION_DENIED") from None
    accepted = datetime.fromtimestamp(seconds, UTC)
    if not now - timedelta(seconds=method.queue_seconds) - _LEEWAY <= accepted <= now + _LEEWAY:
        raise Refused("TOKEN_EXPIRED")
    return accepted


def may_wait(method: Method, request: Message) -> bool:
    """Tells whether such a request may be kept and made later."""
    return bool(method.queue_seconds) and all(_is_set(request, path) for path in method.queue_only_with)


def _comes_from_gateway(context: Any) -> bool:
    # In process there is no certificate, and nothing that could be away.
    shown: Mapping[str, Iterable[bytes]] = context.auth_context() if hasattr(context, "auth_context") else {}
    return b"".join(shown.get("x509_common_name", ())) == _GATEWAY.encode()


def _purpose(path: str, metadata: Mapping[str, str]) -> bytes:
    """What the seal is for; page tokens of the same key are for lists, which are written otherwise."""
    token = hashlib.sha256(metadata.get("authorization", "").encode()).hexdigest()
    return f"waited {path} {token}".encode()


def _is_set(message: Message, path: str) -> bool:
    *parents, last = path.split(".")
    for name in parents:
        message = getattr(message, name)
    return bool(getattr(message, last))
