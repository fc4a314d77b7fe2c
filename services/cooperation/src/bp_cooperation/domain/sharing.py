"""Sharing: a unit wishes that further units get a request; the unit that sent it decides, and sends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bp_kit.errors import Refused

ASKED, PERMITTED, DENIED = "ASKED", "PERMITTED", "DENIED"


@dataclass(frozen=True)
class Sharing:
    """A wish to share a request.

    Attributes:
        name: `countries/FJI/requests/{uuid}/sharings/{uuid}`.
        unit: Who wishes it.
        officer: Who asked.
        recipients: The units that it should be shared with.
        state: ASKED, PERMITTED or DENIED.
        create_time: When it was asked for.
        decide_time: When it was decided.
    """

    name: str
    unit: str
    officer: str
    recipients: tuple[str, ...]
    state: str
    create_time: datetime
    decide_time: datetime | None = None

    def decided(self, now: datetime, *, permitted: bool) -> Sharing:
        """Returns it as it was decided.

        Raises:
            Refused: SHARING_DECIDED.
        """
        if self.state != ASKED:
            raise Refused("SHARING_DECIDED")
        return replace(self, state=PERMITTED if permitted else DENIED, decide_time=now)
