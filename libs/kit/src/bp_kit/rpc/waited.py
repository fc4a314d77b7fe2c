"""Calls that waited at the gateway while their service could not be reached (docs/adr/0012-calls-that-wait.md).

The gateway says when it took the call. It is believed in that alone, and only by its certificate: who called is proved by the token of
then, and what they may do is asked of identity now.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.message import Message

from bp_kit.errors import Refused
from bp_kit.rpc.methods import Method

# When the gateway took the call, in seconds since 1970. No client can send it: the gateway passes on no header of that name.
ACCEPTED = "accepted-time"
_GATEWAY = "gateway"
# Clocks of the two places differ, and the last try begins before the time is over.
_LEEWAY = timedelta(minutes=2)


def accepted_time(method: Method, metadata: Mapping[str, str], context: Any, now: datetime) -> datetime | None:
    """Returns when the gateway took a call that waited there; None of one that did not wait.

    Args:
        method: What is called.
        metadata: The request's, keys in lower case.
        context: Of the call, which knows the caller's certificate.
        now: The time now.

    Raises:
        Refused: PERMISSION_DENIED where the caller is not the gateway, or the method does not wait; TOKEN_EXPIRED after too long.
    """
    text = metadata.get(ACCEPTED)
    if text is None:
        return None
    if not method.queue_seconds or not _comes_from_gateway(context):
        raise Refused("PERMISSION_DENIED")
    accepted = _moment(text)
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


def _moment(text: str) -> datetime:
    try:
        seconds = float(text)
        if math.isfinite(seconds):
            return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise Refused("PERMISSION_DENIED")


def _is_set(message: Message, path: str) -> bool:
    *parents, last = path.split(".")
    for name in parents:
        message = getattr(message, name)
    return bool(getattr(message, last))
