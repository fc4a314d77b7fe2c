"""How far something got with each recipient: rungs reported one by one, in any order, more than once.

REFUSED is the last word where the recipient's own services said it. Where a node on the way concluded it from what its peer refused, an
operator can mend the cause and put the message back into its lane: then it is queued anew, and the recipient's node takes it. Such a
refusal no longer counts once the recipient's node has said more, or the message was queued again after it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

QUEUED, OPENED, ACTIONED = "QUEUED", "OPENED", "ACTIONED"
REFUSED, EXPIRED, RECALLED = "REFUSED", "EXPIRED", "RECALLED"
# From the lowest to the highest. The last three end a ladder, but for what people had seen by then.
RUNGS = ("QUEUED", "SENT", "ACCEPTED", "DELIVERED", "EXPIRED", "RECALLED", "REFUSED", "OPENED", "ACTIONED")
# What only the recipient's own node says.
_TAKEN = frozenset({"ACCEPTED", "DELIVERED", "OPENED", "ACTIONED", "RECALLED"})
# Grounds of nodes on the way: `bp_exchange.protocol.refusal.Ground`.
MENDABLE = frozenset({
    "MALFORMED",
    "TOO_LARGE",
    "UNKNOWN_VERSION",
    "UNKNOWN_SENDER",
    "UNKNOWN_CERTIFICATE",
    "REVOKED_SENDER",
    "REVOKED_UNIT",
    "REVOKED_RECIPIENT",
    "WRONG_RELAY",
    "BAD_SEAL",
    "BAD_AUTHOR",
    "NOT_ADDRESSED",
    "TOO_MANY_RECIPIENTS",
    "DIGEST_DIFFERS",
    "EXPIRED",
    "NOT_STORABLE",
    "BAD_GREETING",
    "FRAME_TOO_LARGE",
    "TOO_MANY_ACKS",
    "NOT_THE_CENTRE",
    "NOT_TRUSTED",
})  # fmt: skip


@dataclass(frozen=True)
class Rung:
    """One step of a ladder.

    Attributes:
        unit: The recipient.
        state: One of `RUNGS`.
        time: When, by the clock of the node that says so.
        ground: Why, for REFUSED; else empty.
    """

    unit: str
    state: str
    time: datetime
    ground: str = ""

    @property
    def mendable(self) -> bool:
        """It is a refusal that the recipient's own services have not said."""
        return self.state == REFUSED and self.ground in MENDABLE


@dataclass(frozen=True)
class Ladder:
    """Where a recipient stands: rungs from the lowest to the highest."""

    unit: str
    rungs: tuple[Rung, ...]

    @property
    def state(self) -> str:
        """The highest rung's."""
        return self.rungs[-1].state

    @property
    def ground(self) -> str:
        """Why it was refused; empty where it was not."""
        return next((rung.ground for rung in self.rungs if rung.state == REFUSED), "")


def merge(rungs: Iterable[Rung]) -> tuple[Rung, ...]:
    """Returns each rung of each recipient once: the same whatever the order and however often one was told.

    It is the earliest that was told; of QUEUED and REFUSED, which can come again, the latest.
    """
    found: dict[tuple[str, str], Rung] = {}
    for rung in rungs:
        key = (rung.unit, rung.state)
        known = found.get(key, rung)
        if rung.state in (QUEUED, REFUSED):
            found[key] = max(known, rung, key=lambda one: (not one.mendable, one.time, one.ground))
        else:
            found[key] = min(known, rung, key=lambda one: (one.time, one.ground))
    return tuple(sorted(found.values(), key=lambda one: (one.unit, RUNGS.index(one.state))))


def ladders(rungs: Iterable[Rung], recipients: Iterable[str]) -> list[Ladder]:
    """Returns the recipients' ladders, in the recipients' order; without rungs, none."""
    merged = merge(rungs)
    found = (Ladder(unit, _standing([rung for rung in merged if rung.unit == unit])) for unit in recipients)
    return [ladder for ladder in found if ladder.rungs]


def _standing(rungs: list[Rung]) -> tuple[Rung, ...]:
    """Returns a recipient's rungs without a refusal that was mended."""
    refused = next((rung for rung in rungs if rung.mendable), None)
    if refused is None:
        return tuple(rungs)
    taken = any(rung.state in _TAKEN for rung in rungs)
    queued_again = any(rung.state == QUEUED and rung.time > refused.time for rung in rungs)
    return tuple(rung for rung in rungs if rung is not refused or not (taken or queued_again))
