"""Why something that was sent gets no further, from how far it got and what the exchange knows of the lane it waits in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bp_cooperation.domain.ladder import EXPIRED, REFUSED, Ladder

# Until then it moves.
_PATIENCE = timedelta(minutes=2)
_UNOPENED = timedelta(hours=1)


@dataclass(frozen=True)
class Way:
    """What the exchange knows of a message's way to one recipient.

    Attributes:
        state: The rung it reached there.
        since: When it did.
        node: The recipient's node.
        revoked: That node, or the unit, is no longer trusted.
        peer: The next node on the way; empty where the recipient is at this node.
        connected: A link to the peer is up.
        last_contact: When the peer was last heard; None where it never was.
        queued: It waits in the lane to the peer.
        before: How many items go before it there.
        set_aside: Why it was set aside there, as a code; empty where it was not.
    """

    state: str
    since: datetime
    node: str
    revoked: bool = False
    peer: str = ""
    connected: bool = False
    last_contact: datetime | None = None
    queued: bool = False
    before: int = 0
    set_aside: str = ""


@dataclass(frozen=True)
class Standstill:
    """Why something gets no further.

    Attributes:
        kind: A value of `Standstill`, without prefix.
        duration: How long it has lasted; None where that says nothing.
        count: How many items go before it.
        code: A ground, as a code.
        node: The node that is waited for, by id; empty: the recipient's country.
    """

    kind: str
    duration: timedelta | None = None
    count: int = 0
    code: str = ""
    node: str = ""


def standstill_of(ladder: Ladder, way: Way | None, now: datetime) -> Standstill | None:
    """Returns why something gets no further to a recipient; None where it moves, or there is nowhere further to go.

    Args:
        ladder: How far it got.
        way: What the exchange knows; None where it does not know the message.
        now: The time now.
    """
    since = ladder.rungs[-1].time
    match ladder.state:
        case state if state == REFUSED:
            return Standstill("REFUSED", code=ladder.ground)
        case state if state == EXPIRED:
            return Standstill("EXPIRED")
        case "DELIVERED":
            return Standstill("NOT_OPENED", now - since) if now - since >= _UNOPENED else None
        case "ACCEPTED":
            return Standstill("AT_RECIPIENT", now - since) if now - since >= _PATIENCE else None
        case "QUEUED" | "SENT":
            return _on_its_way(way, since, now)
        case _:
            return None


def _on_its_way(way: Way | None, since: datetime, now: datetime) -> Standstill | None:
    if way is None:
        return Standstill("NOT_HANDED_OVER") if now - since >= _PATIENCE else None
    if way.revoked:
        return Standstill("REVOKED")
    if way.set_aside:
        return Standstill("SET_ASIDE", code=way.set_aside)
    if way.queued:
        return _in_lane(way, now)
    if now - way.since < _PATIENCE:
        return None
    # Its next node has it: the recipient's own, or one that passes it on.
    at_relay = bool(way.peer) and way.peer != way.node
    return Standstill("AT_RELAY" if at_relay else "AT_RECIPIENT", now - way.since)


def _in_lane(way: Way, now: datetime) -> Standstill:
    node = "" if way.peer == way.node else way.peer
    if way.connected:
        return Standstill("WAITS_ITS_TURN", count=way.before)
    if way.last_contact is None:
        return Standstill("NEVER_IN_CONTACT", count=way.before, node=node)
    # Clocks lie.
    return Standstill("NO_CONTACT", max(now - way.last_contact, timedelta(0)), way.before, node=node)
