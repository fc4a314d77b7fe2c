"""Who asks, and for which page."""

from __future__ import annotations

from dataclasses import dataclass

from bp_kit import listing


@dataclass(frozen=True)
class Caller:
    """Who asks, and for whom.

    Attributes:
        name: `countries/FJI/officers/ana`.
        country: The own country's code.
        units: Units in which a role is held that the method admits. Nobody sees anything but through one of these.
        grants: (role, unit name) pairs of the own country.
        clearance: How far the own country has cleared them, from 0.
        purpose: A value of the closed list `Purpose`, without prefix; empty where none was stated.
        operations: Names of the operations in which they take part.
        visiting: Another node vouches for them: what their unit got is opened there, not here.
    """

    name: str
    country: str
    units: frozenset[str]
    grants: frozenset[tuple[str, str]] = frozenset()
    clearance: int = 0
    purpose: str = ""
    operations: frozenset[str] = frozenset()
    visiting: bool = False

    @property
    def is_officer(self) -> bool:
        """It is a person, and no program."""
        return "/officers/" in self.name

    @property
    def headed(self) -> frozenset[str]:
        """Units that they head."""
        return frozenset(unit for role, unit in self.grants if role == "ncb_head")


@dataclass(frozen=True)
class Listing(listing.Listing):
    """What a list call asks for, and through whose eyes.

    Attributes:
        seer: Who asks.
        exercise: What belongs to exercises instead of the real, where a list tells the two apart.
    """

    seer: Caller
    exercise: bool = False
