"""Units that requests can be addressed to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Addressee:
    """A unit of some country, as its identity announced it.

    Attributes:
        unit: `countries/TON/units/ncb`.
        display_name: What people call it.
        kind: NCB, CUSTOMS, …
        active: Whether it takes part.
        version: Grows with each change.
    """

    unit: str
    display_name: str
    kind: str
    active: bool
    version: int
