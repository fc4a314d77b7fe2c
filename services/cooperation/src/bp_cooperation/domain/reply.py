"""Replies: what the units of a request say to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bp_cooperation.domain.handling import Handling
from bp_cooperation.domain.request import PURGED, RECALLED, Request, require_kept
from bp_kit.errors import Refused

DRAFT, SENT = "DRAFT", "SENT"


@dataclass(frozen=True)
class Reply:
    """What a unit says to a request.

    Attributes:
        name: `countries/FJI/requests/{uuid}/replies/{uuid}`.
        unit: Who speaks: `countries/TON/units/ncb`.
        officer: Who sent it, or wrote the draft.
        text: What is said.
        to_requester_only: The other addressees do not get it.
        recipients: Units that get it.
        handling: The conditions on it, never looser than the request's.
        bundle: The JSON text of a STIX 2.1 bundle; empty for none.
        state: DRAFT, SENT, PURGED or RECALLED.
        create_time: When the draft was begun.
        list_time: When it was begun, sent or received here, whichever came last; orders lists.
        send_time: When it was sent.
        message_id: The message it travels in; empty for a draft.
        arrive_time: When it arrived for units here; None where it was only sent from here, or not yet.
        revision: Counts corrections, from 1.
    """

    name: str
    unit: str
    officer: str
    text: str
    to_requester_only: bool
    recipients: tuple[str, ...]
    handling: Handling
    bundle: str
    state: str
    create_time: datetime
    list_time: datetime
    send_time: datetime | None = None
    message_id: str = ""
    arrive_time: datetime | None = None
    revision: int = 1

    @property
    def holders(self) -> tuple[str, ...]:
        """The units that got it, or will."""
        return self.recipients

    @property
    def units(self) -> tuple[str, ...]:
        """The units it concerns once it is sent: who speaks first, then who gets it, but those that its handling shuts out by now."""
        return (self.unit, *(unit for unit in self.recipients if self.handling.allows(unit)))

    @property
    def audience(self) -> tuple[str, ...]:
        """Units whose people may know of it."""
        return (self.unit,) if self.state == DRAFT else tuple(dict.fromkeys(self.units))

    def require_draft(self) -> None:
        """Refuses to change what was sent.

        Raises:
            Refused: ALREADY_SENT.
        """
        if self.state != DRAFT:
            raise Refused("ALREADY_SENT")

    def sent(self, officer: str, now: datetime, *, attachments: int) -> Reply:
        """Returns it as it is sent.

        Raises:
            Refused: ALREADY_SENT, CONTENT_MISSING.
        """
        self.require_draft()
        if not (self.text.strip() or self.bundle or attachments):
            raise Refused("CONTENT_MISSING")
        return replace(self, state=SENT, officer=officer, send_time=now, list_time=now)

    def arrived(self, now: datetime) -> Reply:
        """Returns it as it is once its message has come here, whether or not it was sent from here."""
        return replace(self, arrive_time=now)

    def carried_by(self, message_id: str) -> Reply:
        """Returns it with the message it travels in."""
        return replace(self, message_id=message_id)

    def purged(self, now: datetime) -> Reply:
        """Returns what is left of it after its retention time."""
        return replace(self, state=PURGED, text="", bundle="")

    def require_kept(self) -> None:
        """Refuses what has no content that anybody else holds: a draft, or what was destroyed.

        Raises:
            Refused: RECORD_NOT_SENT, RECORD_RECALLED, CONTENT_EXPIRED.
        """
        require_kept(self.state)

    def recalled(self, now: datetime) -> Reply:
        """Returns what is left of it once its unit took it back."""
        return replace(self, state=RECALLED, text="", bundle="")

    def corrected(self, now: datetime, revision: int, *, title: str, text: str, bundle: str) -> Reply:
        """Returns it in another wording."""
        return replace(self, revision=revision, text=text, bundle=bundle)

    def handled(self, now: datetime, handling: Handling) -> Reply:
        """Returns it under other conditions."""
        return replace(self, handling=handling)


def audience(request: Request, unit: str, handling: Handling, *, to_requester_only: bool) -> tuple[str, ...]:
    """Returns the units that get a reply: those of the request that it may be released to, without the one that speaks.

    Args:
        request: What is replied to.
        unit: Who speaks.
        handling: What its author asks for; the request's own conditions hold besides.
        to_requester_only: Leave the other addressees out.

    Raises:
        Refused: RECIPIENT_NOT_RELEASABLE, where the unit that asked, or any other that could get it, is shut out.
    """
    wanted = (request.unit,) if to_requester_only and unit != request.unit else request.units
    allowed = tuple(one for one in wanted if one != unit and handling.allows(one) and request.handling.allows(one))
    if unit != request.unit and request.unit not in allowed:
        raise Refused("RECIPIENT_NOT_RELEASABLE", field="reply.handling.releasable_to", unit=request.unit)
    if not allowed:
        raise Refused("RECIPIENT_NOT_RELEASABLE", field="reply.handling.releasable_to", unit=request.recipients[0])
    return allowed
