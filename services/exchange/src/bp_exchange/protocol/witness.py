"""Who watches whose log, and what a witness makes of a head that it is shown.

A node that rewrites its log can show a whole and consistent one to everybody who comes later. It cannot to who saw an earlier head: the
new one must be that one with leaves added, and a consistency proof shows it (RFC 6962, 2.1.2). So two others cosign each node's heads,
the centre and one neighbour, which are not the same people.

A restored node has lost leaves and cannot prove that its log grew from the newest head that was seen. It says so by a new incarnation, and
proves that it grew from an earlier one. That is what a rewriting of the last leaves looks like, too: no protocol can tell whether a disk
died. So a restore is told to people, at the witnesses, once; they ask the node's people, whose restore stands in their own records. The
same incarnation with a shorter or another log is never a restore, and always an alarm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from bluepacific.exchange.v1 import log_pb2
from bp_exchange.protocol.register import Directory
from bp_verify.merkle import extends

# A proof for a log of 2^63 leaves has fewer.
MOST_HASHES = 128


class Verdict(Enum):
    """What a head is, held against what was seen before."""

    COSIGN = "COSIGN"
    # It cannot be told from this proof: one from the known size is needed.
    ASK = "ASK"
    # Older than what is known: a message that was overtaken.
    OLD = "OLD"
    RESTORED = "RESTORED"
    FORKED = "FORKED"
    ROLLED_BACK = "ROLLED_BACK"


ALARMS = {
    Verdict.RESTORED: log_pb2.LOG_ALARM_KIND_RESTORED,
    Verdict.FORKED: log_pb2.LOG_ALARM_KIND_FORKED,
    Verdict.ROLLED_BACK: log_pb2.LOG_ALARM_KIND_ROLLED_BACK,
}


@dataclass(frozen=True)
class Shown:
    """A head that a witness is shown.

    Attributes:
        head: Its node's signature on it verified.
        known_size: From which head the proof begins.
        hashes: The proof.
    """

    head: log_pb2.TreeHead
    known_size: int
    hashes: Sequence[bytes]


@dataclass(frozen=True)
class Finding:
    """What a witness makes of a head.

    Attributes:
        verdict: That.
        known: For ASK and OLD: the head from which a proof must begin.
    """

    verdict: Verdict
    known: log_pb2.TreeHead | None = None


def judge(shown: Shown, newest: log_pb2.TreeHead | None, earlier: Sequence[log_pb2.TreeHead]) -> Finding:
    """Returns what a head is.

    Args:
        shown: The head, and what is to prove that it grew.
        newest: The newest head of that log that was cosigned here.
        earlier: Those that were cosigned here and are not larger than it, the largest first; asked for of a new incarnation only.
    """
    head = shown.head
    if newest is None:
        return Finding(Verdict.COSIGN)
    if head.incarnation != newest.incarnation:
        return _restored(shown, earlier)
    if head.size >= newest.size:
        return _grown(shown, newest)
    return Finding(Verdict.OLD, newest) if _time(head) < _time(newest) else Finding(Verdict.ROLLED_BACK)


def _grown(shown: Shown, known: log_pb2.TreeHead) -> Finding:
    head = shown.head
    if known.size not in (head.size, shown.known_size):
        return Finding(Verdict.ASK, known)
    return Finding(Verdict.COSIGN if _extends(known, shown) else Verdict.FORKED)


def _restored(shown: Shown, earlier: Sequence[log_pb2.TreeHead]) -> Finding:
    """Goes down the heads that were seen until the log grew from one of them: what came after it was lost."""
    smaller = list(earlier)
    if any(one.size == shown.known_size for one in earlier):
        begun = [one for one in earlier if one.size == shown.known_size]
        if any(_extends(one, shown) for one in begun):
            return Finding(Verdict.RESTORED)
        smaller = [one for one in earlier if one.size < shown.known_size]
    return Finding(Verdict.ASK, smaller[0]) if smaller else Finding(Verdict.RESTORED)


def _extends(known: log_pb2.TreeHead, shown: Shown) -> bool:
    head = shown.head
    few = len(shown.hashes) <= MOST_HASHES
    hashes = [] if head.size == known.size else shown.hashes
    return few and extends(known.root, known.size, head.root, head.size, hashes)


def contradicts(claim: log_pb2.TreeHead, newest: log_pb2.TreeHead | None) -> Verdict | None:
    """Returns what is wrong with what a node says of its log in its greeting, which is now; None where nothing is."""
    if newest is None or claim.incarnation != newest.incarnation:
        return None
    if claim.size < newest.size:
        return Verdict.ROLLED_BACK
    return Verdict.FORKED if claim.size == newest.size and claim.root != newest.root else None


def witnesses_of(directory: Directory, node_id: str) -> list[str]:
    """Returns who watches a node's log: the centre, and the country that follows in the order of names."""
    countries = sorted(one for one, node in directory.nodes.items() if not node.revoked and not node.centre)
    others = [one for one in countries if one != node_id]
    following = [one for one in others if one > node_id] or others
    centre = directory.centre
    by_centre = [centre.node_id] if centre is not None and centre.node_id != node_id else []
    return [*by_centre, *following[:1]]


def _time(head: log_pb2.TreeHead) -> tuple[int, int]:
    return head.head_time.seconds, head.head_time.nanos
