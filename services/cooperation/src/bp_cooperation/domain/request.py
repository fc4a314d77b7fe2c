"""Requests: drafts that can be changed, then sent content that cannot."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from bp_cooperation.domain.handling import Handling
from bp_kit.errors import Refused

DRAFT, OPEN, CLOSED, PURGED, RECALLED = "DRAFT", "OPEN", "CLOSED", "PURGED", "RECALLED"
PRESSING = frozenset({"FLASH", "URGENT"})


@dataclass(frozen=True)
class Request:
    """What one unit asks of others.

    Attributes:
        name: `countries/FJI/requests/{uuid}`.
        unit: Who asks: `countries/FJI/units/ncb`.
        officer: Who sent it, or wrote the draft.
        title: In a line.
        text: What is asked.
        recipients: Units that are asked.
        urgency: FLASH, URGENT, ROUTINE or BULK.
        handling: The conditions on it.
        bundle: The JSON text of a STIX 2.1 bundle; empty for none.
        state: DRAFT, OPEN, CLOSED, PURGED or RECALLED.
        version: Counts changes.
        create_time: When the draft was begun.
        update_time: When it last changed.
        list_time: When it was begun, sent or received here, whichever came last; orders lists.
        send_time: When it was sent.
        close_time: When it was closed.
        message_id: The message it travels in; empty for a draft.
        arrive_time: When it arrived for units here; None where it was only sent from here, or not yet.
        revision: Counts corrections, from 1.
        shared_with: Units that it was shared with after it was sent.
    """

    name: str
    unit: str
    officer: str
    title: str
    text: str
    recipients: tuple[str, ...]
    urgency: str
    handling: Handling
    bundle: str
    state: str
    version: int
    create_time: datetime
    update_time: datetime
    list_time: datetime
    send_time: datetime | None = None
    close_time: datetime | None = None
    message_id: str = ""
    arrive_time: datetime | None = None
    revision: int = 1
    shared_with: tuple[str, ...] = ()

    @property
    def holders(self) -> tuple[str, ...]:
        """The units that got it, or will: who is asked, then whom it was shared with."""
        return (*self.recipients, *self.shared_with)

    @property
    def units(self) -> tuple[str, ...]:
        """The units it concerns once it is sent: who asks first, then its holders, but those that its handling shuts out by now."""
        return (self.unit, *(unit for unit in self.holders if self.handling.allows(unit)))

    @property
    def audience(self) -> tuple[str, ...]:
        """Units whose people may know of it."""
        return (self.unit,) if self.state == DRAFT else tuple(dict.fromkeys(self.units))

    def check(self) -> None:
        """Refuses what no draft may have.

        Raises:
            Refused: INVALID_FIELD, RECIPIENT_NOT_RELEASABLE.
        """
        for position, unit in enumerate(self.recipients):
            field = f"request.recipients[{position}]"
            if unit == self.unit:
                raise Refused("INVALID_FIELD", field=field, description="is the unit that asks")
            if not self.handling.allows(unit):
                raise Refused("RECIPIENT_NOT_RELEASABLE", field=field, unit=unit)

    def require_draft(self) -> None:
        """Refuses to change what was sent.

        Raises:
            Refused: ALREADY_SENT.
        """
        if self.state != DRAFT:
            raise Refused("ALREADY_SENT")

    def require_open(self) -> None:
        """Refuses to answer or close what is not open.

        Raises:
            Refused: RECORD_RECALLED, REQUEST_NOT_OPEN.
        """
        if self.state == RECALLED:
            raise Refused("RECORD_RECALLED")
        if self.state != OPEN:
            raise Refused("REQUEST_NOT_OPEN")

    def changed(self, now: datetime, **fields: object) -> Request:
        """Returns the draft with other content."""
        return replace(self, **fields, version=self.version + 1, update_time=now)  # type: ignore[arg-type]

    def sent(self, officer: str, now: datetime) -> Request:
        """Returns it as it is sent.

        Raises:
            Refused: ALREADY_SENT, TITLE_MISSING, RECIPIENT_MISSING.
        """
        self.require_draft()
        if not self.title.strip():
            raise Refused("TITLE_MISSING", field="request.title")
        if not self.recipients:
            raise Refused("RECIPIENT_MISSING", field="request.recipients")
        return self.changed(now, state=OPEN, officer=officer, send_time=now, list_time=now)

    def arrived(self, now: datetime) -> Request:
        """Returns it as it is once its message has come here, whether or not it was sent from here."""
        return replace(self, arrive_time=now)

    def carried_by(self, message_id: str) -> Request:
        """Returns it with the message it travels in."""
        return replace(self, message_id=message_id)

    def closed(self, close_time: datetime) -> Request:
        """Returns it closed.

        Raises:
            Refused: REQUEST_NOT_OPEN.
        """
        self.require_open()
        return self.changed(close_time, state=CLOSED, close_time=close_time)

    def purged(self, now: datetime) -> Request:
        """Returns what is left of it after its retention time: that it was, between whom, and when."""
        return self.changed(now, state=PURGED, title="", text="", bundle="")

    def require_kept(self) -> None:
        """Refuses what has no content that anybody else holds: a draft, or what was destroyed.

        Raises:
            Refused: RECORD_NOT_SENT, RECORD_RECALLED, CONTENT_EXPIRED.
        """
        require_kept(self.state)

    def recalled(self, now: datetime) -> Request:
        """Returns what is left of it once its unit took it back."""
        return self.changed(now, state=RECALLED, title="", text="", bundle="")

    def corrected(self, now: datetime, revision: int, *, title: str, text: str, bundle: str) -> Request:
        """Returns it in another wording."""
        return self.changed(now, revision=revision, title=title, text=text, bundle=bundle)

    def handled(self, now: datetime, handling: Handling) -> Request:
        """Returns it under other conditions."""
        return self.changed(now, handling=handling)

    def shared(self, now: datetime, units: Collection[str]) -> Request:
        """Returns it as shared with further units, too."""
        further = [unit for unit in units if unit not in self.units]
        return self.changed(now, shared_with=tuple(dict.fromkeys([*self.shared_with, *further])))


def require_kept(state: str) -> None:
    """Refuses what has no content that anybody else holds.

    Raises:
        Refused: RECORD_NOT_SENT, RECORD_RECALLED, CONTENT_EXPIRED.
    """
    reasons = {DRAFT: "RECORD_NOT_SENT", RECALLED: "RECORD_RECALLED", PURGED: "CONTENT_EXPIRED"}
    if state in reasons:
        raise Refused(reasons[state])
