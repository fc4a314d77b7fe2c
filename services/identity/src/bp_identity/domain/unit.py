"""A unit: an organisation inside a country that works with the network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bp_kit.errors import Refused

ACTIVE = "ACTIVE"
INACTIVE = "INACTIVE"


@dataclass(frozen=True)
class Unit:
    """A unit.

    Attributes:
        name: `countries/FJI/units/ncb`.
        display_name: What people call it.
        kind: A `UnitKind` without prefix.
        state: `ACTIVE` or `INACTIVE`.
        version: Grows by one with each change.
        create_time: When it was created.
        update_time: When it last changed.
    """

    name: str
    display_name: str
    kind: str
    state: str
    version: int
    create_time: datetime
    update_time: datetime

    def check(self) -> None:
        """Refuses what lacks something.

        Raises:
            Refused: INVALID_FIELD.
        """
        if not self.display_name.strip():
            raise Refused("INVALID_FIELD", field="unit.display_name", rule="required")
        if self.kind == "UNSPECIFIED":
            raise Refused("INVALID_FIELD", field="unit.kind", rule="required")

    def changed(self, now: datetime, **changes: str) -> Unit:
        """Returns the next version with these fields changed; itself when nothing changes."""
        if all(getattr(self, field) == value for field, value in changes.items()):
            return self
        return replace(self, **changes, version=self.version + 1, update_time=now)  # type: ignore[arg-type]
