"""What a session is given: clocks, the register, and what the contact plan allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bp_exchange.protocol.register import Directory
from bp_verify.trust import Trusted

LOOK_SECONDS = 2.0


class Register(Protocol):
    """The register this node believes, as it is at the moment."""

    @property
    def current(self) -> Trusted | None:
        """With its proofs; None before enrolment."""

    @property
    def directory(self) -> Directory:
        """Who is who."""

    @property
    def is_centre(self) -> bool:
        """Whether this node is the centre."""


class Allowance(Protocol):
    """What may pass now by the contact plan; control frames are neither asked for nor counted."""

    def opens(self, urgency: int, now: datetime) -> datetime | None:
        """Returns when to ask again; None when something of this urgency may go now."""

    def passed(self, urgency: int, size: int, now: datetime) -> None:
        """Notes what was given to the transport."""


class Asking(Protocol):
    """What may be asked for now by the contact plan."""

    def credit(self, urgency: int, now: datetime) -> int | None:
        """Returns how many bytes of this urgency may be asked for ahead; None for all there are, 0 when it has to wait."""

    def arrived(self, urgency: int, size: int, now: datetime) -> None:
        """Notes what came of what was asked for."""


class Unlimited:
    """The allowance without a plan."""

    def opens(self, urgency: int, now: datetime) -> datetime | None:
        """Returns None: everything may go."""
        return None

    def passed(self, urgency: int, size: int, now: datetime) -> None:
        """Counts nothing."""

    def credit(self, urgency: int, now: datetime) -> int | None:
        """Returns None: everything may be asked for."""
        return None

    def arrived(self, urgency: int, size: int, now: datetime) -> None:
        """Counts nothing."""


@dataclass(frozen=True)
class Clocks:
    """Time, as it is asked for.

    Attributes:
        wall: The time of day, which may jump.
        steady: Seconds that only grow.
        patience: How long, in seconds, the queue may go unlooked at when no bell rings.
    """

    wall: Callable[[], datetime]
    steady: Callable[[], float]
    patience: Callable[[], float] = lambda: LOOK_SECONDS
