"""Sizes, moments and spans of time for people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def size_in_words(size: int) -> str:
    """Returns a size for a person: `3.1 MiB`."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:  # noqa: PLR2004 - bytes
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"


def moment(message: Any, field: str) -> str | None:
    """Returns a time of a message as JSON writes it; None where it is not set."""
    return getattr(message, field).ToJsonString() if message.HasField(field) else None


def to_second(time: str | None) -> str:
    """Returns a time for a person; empty where there is none."""
    return f"{time[:19]}Z" if time else ""


def to_minute(time: str | None) -> str:
    """Returns a time for a person, in UTC; empty where there is none."""
    return f"{time[:10]} {time[11:16]}Z" if time else ""


def span_in_words(seconds: float) -> str:
    """Returns a span of time for a person, in its two largest units at most: `3 h`, `2 d 4 h`."""
    left = max(0, round(seconds))
    parts: list[str] = []
    for unit, size in (("d", _DAY), ("h", _HOUR), ("min", _MINUTE), ("s", 1)):
        amount, left = divmod(left, size)
        if amount or (unit == "s" and not parts):
            parts.append(f"{amount} {unit}")
    return " ".join(parts[:2])


def ago(time: str | None) -> str:
    """Returns how long ago a moment was; empty where there is none."""
    if not time:
        return ""
    return span_in_words((datetime.now(UTC) - datetime.fromisoformat(time)).total_seconds())


def days_until(time: str | None) -> int | None:
    """Returns how many whole days are left until a moment; None where there is none."""
    return (datetime.fromisoformat(time) - datetime.now(UTC)) // timedelta(days=1) if time else None
