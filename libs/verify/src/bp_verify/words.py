"""Moments and numbers of enums as text; what cannot be is told as it stands, never raised."""

from __future__ import annotations

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp


def moment(time: Timestamp) -> str:
    """Returns `2026-11-25T10:48:00Z`; empty where it is not set."""
    if not time.seconds and not time.nanos:
        return ""
    try:
        return time.ToJsonString()
    except ValueError:
        return f"{time.seconds} s after 1970"


def name_of(enum: Any, number: int, prefix: str) -> str:
    """Returns an enum value's name without its prefix; its number where it is unknown."""
    try:
        name: str = enum.Name(number)
    except ValueError:
        return str(number)
    return name.removeprefix(prefix)


def moment_of_millis(millis: int) -> str:
    """Returns the same of milliseconds since 1970."""
    return moment(Timestamp(seconds=millis // 1000, nanos=millis % 1000 * 1_000_000))
