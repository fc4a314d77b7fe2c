"""Rates, volumes and quiet hours as people write them: `64kbit/s`, `200MB/day`, `mon-fri 08:00-17:00`."""

from __future__ import annotations

import re

from bluepacific.exchange.v1 import plan_pb2
from bp_node.failure import CommandError

NONE = "none"
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*(k|M|G)?(bit|B)/s", re.IGNORECASE)
_VOLUME = re.compile(r"(\d+(?:\.\d+)?)\s*(k|M|G|T)?B(?:/day)?", re.IGNORECASE)
_HOURS = re.compile(r"(?:([a-z,-]+)\s+)?(\d\d:\d\d)-(\d\d:\d\d)", re.IGNORECASE)
_FACTORS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BITS = 8


def rate_of(text: str) -> int:
    """Returns a rate in bytes a second; 0 for `none`.

    Raises:
        CommandError: It is no rate.
    """
    if text.lower() == NONE:
        return 0
    found = _RATE.fullmatch(text.strip())
    if found is None:
        raise CommandError(f"{text} is no rate: write 64kbit/s, 1.5Mbit/s, 8kB/s or none")
    amount = float(found[1]) * _FACTORS[(found[2] or "").lower()]
    # A bit or a byte, whatever its case; the unit is spelt out.
    return round(amount / _BITS if found[3].lower() == "bit" else amount)


def volume_of(text: str) -> int:
    """Returns a volume in bytes a day; 0 for `none`.

    Raises:
        CommandError: It is no volume.
    """
    if text.lower() == NONE:
        return 0
    found = _VOLUME.fullmatch(text.strip())
    if found is None:
        raise CommandError(f"{text} is no volume: write 200MB/day, 1.5GB/day or none")
    return round(float(found[1]) * _FACTORS[(found[2] or "").lower()])


def hours_of(text: str) -> plan_pb2.QuietHours:
    """Returns quiet hours.

    Raises:
        CommandError: They are none.
    """
    found = _HOURS.fullmatch(text.strip())
    if found is None:
        raise CommandError(f"{text} are no quiet hours: write 08:00-17:00, 'mon-fri 08:00-17:00' or none")
    days = [plan_pb2.Weekday.ValueType(day + 1) for day in _days(found[1].lower())] if found[1] else []
    return plan_pb2.QuietHours(begin=found[2], end=found[3], days=days)


def _days(text: str) -> list[int]:
    days: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in _DAYS or (last and last not in _DAYS):
            raise CommandError(f"{part} is no day: write {', '.join(_DAYS)}, or mon-fri")
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        days += [(begin + at) % 7 for at in range((end - begin) % 7 + 1)]
    return sorted(set(days))


def rate_in_words(rate: int) -> str:
    """Returns a rate for a person: `64 kbit/s`."""
    return f"{_in_words(rate * _BITS)}bit/s"


def volume_in_words(volume: int) -> str:
    """Returns a volume a day for a person: `200 MB/day`."""
    return f"{_in_words(volume)}B/day"


def hours_in_words(hours: plan_pb2.QuietHours) -> str:
    """Returns quiet hours for a person: `mon,tue 08:00-17:00`."""
    days = ",".join(_DAYS[day - 1] for day in hours.days)
    return f"{days} {hours.begin}-{hours.end}".strip()


def _in_words(amount: float) -> str:
    for unit in ("", "k", "M", "G"):
        if amount < 1000:  # noqa: PLR2004 - decimal units
            return f"{amount:g} {unit}"
        amount /= 1000
    return f"{amount:g} T"
