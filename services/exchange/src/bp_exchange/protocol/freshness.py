"""How far a register can be relied on, by the age of its timestamp, and what goes on then (docs/adr/0006-what-a-node-believes.md).

A register that grows old says nothing wrong of whom it names; it says nothing of who was revoked since. So nothing stops at once:

| standing | age of the timestamp | what goes on |
|---|---|---|
| fresh | below `fresh` (7 days) | everything |
| stale | below `fresh` + `emergency` (37 days) | traffic goes on between the nodes that were known; no new ones |
| emergency | above | the same nodes, but only what is FLASH or URGENT leaves; the rest waits, and nothing is refused for it |

Clocks lie: the age is counted from when the timestamp came, by this node's own clock, and from what the centre's clock wrote into it,
whichever is more; and the latest time that the own clock has shown stands, so that setting it back makes nothing younger.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Protocol

from bluepacific.common.v1 import handling_pb2
from bp_exchange.protocol.session.ports import Allowance

_LOOK = timedelta(minutes=1)


class Standing(IntEnum):
    """How far a register can be relied on; the numbers are those of RegisterFreshness."""

    FRESH = 1
    STALE = 2
    EMERGENCY = 3

    @property
    def admits(self) -> bool:
        """Whether nodes that were not known before are believed and let in."""
        return self is Standing.FRESH

    def allows(self, urgency: int) -> bool:
        """Tells whether something of that urgency, a number of `Urgency`, may leave."""
        return self is not Standing.EMERGENCY or urgency <= handling_pb2.URGENCY_URGENT


@dataclass(frozen=True)
class Policy:
    """When a register is what.

    Attributes:
        fresh: How long after its timestamp.
        emergency: How long after it is stale.
    """

    fresh: timedelta = timedelta(days=7)
    emergency: timedelta = timedelta(days=30)

    def standing(self, age: timedelta) -> Standing:
        """Returns what a register of that age is."""
        if age < self.fresh:
            return Standing.FRESH
        return Standing.STALE if age < self.fresh + self.emergency else Standing.EMERGENCY


@dataclass(frozen=True)
class Timestamp:
    """A register's timestamp as it lies here.

    Attributes:
        expires: What the centre wrote, by its clock.
        received: When it came, by this node's.
        latest: The latest that this node's clock has shown since.
    """

    expires: datetime
    received: datetime
    latest: datetime

    def at(self, now: datetime) -> Timestamp:
        """Returns it at a later moment; a clock that was set back changes nothing."""
        return replace(self, latest=now) if now > self.latest else self

    def age(self, policy: Policy) -> timedelta:
        """Returns how old it is."""
        return max(self.latest - self.received, self.latest - (self.expires - policy.fresh))


class Allowing(Protocol):
    """The register, as far as it says what may leave."""

    def allows(self, urgency: int) -> bool:
        """Tells whether something of that urgency may leave now."""


class Prudent:
    """What a contact plan lets pass, as far as the register can be relied on for it.

    Args:
        allowance: The contact plan's.
        register: Tells what may leave by its age.
    """

    def __init__(self, allowance: Allowance, register: Allowing) -> None:
        self._allowance = allowance
        self._register = register

    def opens(self, urgency: int, now: datetime) -> datetime | None:
        """Returns when to ask again; None when something of this urgency may go now."""
        if not self._register.allows(urgency):
            return now + _LOOK
        return self._allowance.opens(urgency, now)

    def passed(self, urgency: int, size: int, now: datetime) -> None:
        """Notes what was given to the transport."""
        self._allowance.passed(urgency, size, now)
