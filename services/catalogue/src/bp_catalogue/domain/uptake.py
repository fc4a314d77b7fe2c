"""Uptake: how many, never who."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Counts:
    """What is counted of one capability in one country.

    Attributes:
        requests: Access requests made.
        pending: Of those, not decided.
        agreements: Access agreements made.
        active: Of those, in force.
    """

    requests: int = 0
    pending: int = 0
    agreements: int = 0
    active: int = 0


@dataclass(frozen=True)
class Report:
    """A country's uptake of one capability.

    Attributes:
        name: `countries/FJI/uptakeReports/wsm-sv`.
        capability: The capability.
        counts: The numbers.
        report_time: When it was counted.
    """

    name: str
    capability: str
    counts: Counts
    report_time: datetime


@dataclass(frozen=True)
class Telling:
    """A country's telling of its uptake.

    Attributes:
        version: Grows with each; the highest wins.
        report_time: When.
    """

    version: int
    report_time: datetime
