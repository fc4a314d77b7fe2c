"""The conditions on information (TLP 2.0, codes, purpose, releasable-to, retention, exercise, operation). Labels only tighten."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bp_kit.errors import Refused
from bp_kit.names import country_of

# From open to closed, as FIRST orders them.
TLP = ("CLEAR", "GREEN", "AMBER", "AMBER_STRICT", "RED")
# Where two name different countries, what remains is no country: ISO 3166 leaves ZZZ to whoever needs a code that nobody has.
NO_COUNTRY = ("ZZZ",)
# Where two name different operations, what remains is one that nobody takes part in: who takes part in both, no node alone can say.
NO_OPERATION = "countries/ZZZ/operations/00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Handling:
    """The conditions on a request or a reply.

    Attributes:
        tlp: One of `TLP`.
        purpose: A value of the closed list `Purpose`, without prefix.
        releasable_to: Codes of the countries that may have it, in order; empty: its addressees, whoever they are, and nobody else.
        retention_time: When it must be destroyed; None: not stated.
        codes: Handling codes, in order: what its holders may not do with it.
        exercise: It belongs to an exercise.
        operation: The operation whose members alone may have it: `countries/FJI/operations/{uuid}`; empty: none.
    """

    tlp: str
    purpose: str
    releasable_to: tuple[str, ...] = ()
    retention_time: datetime | None = None
    codes: tuple[str, ...] = ()
    exercise: bool = False
    operation: str = ""

    def allows(self, unit: str) -> bool:
        """Tells whether a unit may be an addressee."""
        return not self.releasable_to or country_of(unit) in self.releasable_to

    def including(self, country: str) -> Handling:
        """Returns it with its author's own country among those that are named: what one gives, one may have."""
        if not self.releasable_to or country in self.releasable_to:
            return self
        return replace(self, releasable_to=tuple(sorted((*self.releasable_to, country))))

    def tightened(self, by: Handling) -> Handling:
        """Returns the strictest of both: the closer label, the countries that each leaves, the earlier retention time, all codes.

        The purpose stays. The operation is the one that is named; where two are, what remains is for nobody.

        Raises:
            Refused: EXERCISE_MIXED.
        """
        if self.exercise != by.exercise:
            raise Refused("EXERCISE_MIXED")
        times = [time for time in (self.retention_time, by.retention_time) if time]
        return replace(
            self,
            tlp=max(self.tlp, by.tlp, key=TLP.index),
            releasable_to=_common(self.releasable_to, by.releasable_to),
            retention_time=min(times, default=None),
            codes=tuple(sorted({*self.codes, *by.codes})),
            operation=_joint(self.operation, by.operation),
        )

    def within(self, other: Handling) -> bool:
        """Tells whether nothing of it is looser than the other."""
        return other.tightened(self) == replace(self, purpose=other.purpose)

    def retained(self, now: datetime, *, usual: timedelta, longest: timedelta, field: str) -> Handling:
        """Returns it with a retention time: its own, or the usual one.

        Raises:
            Refused: RETENTION_TIME_INVALID, where its own has passed or lies too far ahead.
        """
        if self.retention_time is None:
            return replace(self, retention_time=now + usual)
        if not now < self.retention_time <= now + longest:
            latest = (now + longest).date().isoformat()
            raise Refused("RETENTION_TIME_INVALID", field=f"{field}.retention_time", latest=latest)
        return self

    def expired(self, now: datetime) -> bool:
        """Tells whether it must be destroyed by now."""
        return self.retention_time is not None and self.retention_time <= now


def _common(some: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    if not some or not others:
        return some or others
    return tuple(sorted({*some} & {*others})) or NO_COUNTRY


def _joint(one: str, other: str) -> str:
    return NO_OPERATION if one and other and one != other else one or other
