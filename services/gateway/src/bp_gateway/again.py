"""Answers given again while their service cannot be reached, with their age: what the same caller has been told lately, and nothing else.

Kept in memory, by the caller's token and the whole question. A token is good for a quarter of an hour, and no answer is given again after
its token has expired: so nobody learns here what a service that is cut off from identity would not tell as well. What the service itself
refuses is forgotten at once. Callers whose tokens are bound to a key (DPoP) are not served: only the service compares the key.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc

from bp_gateway.calls import CUT_OFF, claims_of
from bp_gateway.exchange import Exchange, HeaderList
from bp_kit.errors import Refused

# Of each method.
_MOST_BYTES = 1 << 20
_PART_OF_QUESTION = (b"authorization", b"accept-language", b"x-purpose")


@dataclass(frozen=True)
class _Kept:
    response: Any
    given: float
    until: float
    size: int


class AnswersAgain:
    """What callers of one method were told.

    Args:
        seconds: How long it may be given again.
        clock: Seconds since 1970.
    """

    def __init__(self, seconds: int, clock: Callable[[], float] = time.time) -> None:
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._bytes = 0

    def keep(self, exchange: Exchange, response: Any) -> None:
        """Keeps an answer that was given now."""
        key, now = _question(exchange), self._clock()
        self._forget(key)
        until = min(now + self._seconds, _expiry(exchange))
        size = response.ByteSize()
        if size > _MOST_BYTES or until <= now:
            return
        self._kept[key] = _Kept(response, now, until, size)
        self._bytes += size
        while self._bytes > _MOST_BYTES:
            self._forget(next(iter(self._kept)))

    def after(self, error: Exception, exchange: Exchange) -> tuple[Any, HeaderList] | None:
        """Returns what the caller was told before, and the headers that say how old it is; None where the error must be told.

        Args:
            error: What came instead of an answer.
            exchange: The question.
        """
        key, now = _question(exchange), self._clock()
        kept = self._kept.get(key)
        if kept is None:
            return None
        if not _is_cut_off(error) or kept.until <= now:
            self._forget(key)
            return None
        age = str(int(now - kept.given)).encode()
        return kept.response, [(b"age", age), (b"warning", b'111 - "Revalidation Failed"')]

    def _forget(self, key: bytes) -> None:
        kept = self._kept.pop(key, None)
        if kept:
            self._bytes -= kept.size


def _is_cut_off(error: Exception) -> bool:
    if isinstance(error, Refused):
        return error.reason == "UNAVAILABLE"
    return isinstance(error, grpc.RpcError) and error.code() in CUT_OFF


def _question(exchange: Exchange) -> bytes:
    scope = exchange.scope
    hasher = hashlib.sha256()
    for part in (
        scope.get("raw_path") or scope["path"].encode(),
        scope["query_string"],
        *(exchange.headers.get(name, b"") for name in _PART_OF_QUESTION),
    ):
        hasher.update(len(part).to_bytes(4) + part)
    return hasher.digest()


def _expiry(exchange: Exchange) -> float:
    """Seconds since 1970 at which the caller's token ends: never of nobody's, now of one that cannot be looked into."""
    authorization = exchange.headers.get(b"authorization", b"")
    if not authorization:
        return float("inf")
    claims = claims_of(authorization)
    expiry = claims.get("exp", 0)
    return float(expiry) if isinstance(expiry, int | float) and "cnf" not in claims else 0.0
