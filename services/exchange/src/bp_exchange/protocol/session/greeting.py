"""The first frame of each end: who speaks, what it understands, and which register it has."""

from __future__ import annotations

from datetime import UTC, datetime

from bluepacific.exchange.v1 import link_service_pb2
from bp_exchange.protocol.refusal import Ground
from bp_exchange.protocol.session.ports import Register

VERSION = 1
GREETING_SECONDS = 20.0
# What databases take.
_MOST_DRIFT = 2**62
_INCARNATION_LETTERS = 36


class SessionEndedError(Exception):
    """The link is over: the peer went, broke the rules, or is no longer trusted.

    Args:
        told: Why, for the log.
        ground: The rule that the peer broke, as a code; None where it broke none.
    """

    def __init__(self, told: str, ground: Ground | None = None) -> None:
        super().__init__(told)
        self.ground = ground


def own_hello(node_id: str, incarnation: str, register: Register, now: datetime) -> link_service_pb2.Hello:
    """Returns what this node says first."""
    current = register.current
    return link_service_pb2.Hello(
        node_id=node_id,
        incarnation=incarnation,
        version=VERSION,
        register_version=current.version if current else 0,
        timestamp_version=current.timestamp_version if current else 0,
        clock_millis=_millis(now),
    )


def check_hello(frame: link_service_pb2.Frame, peer: str) -> link_service_pb2.Hello:
    """Returns a peer's greeting.

    Raises:
        SessionEndedError: It is none, of somebody else, or of another version.
    """
    if not frame.HasField("hello"):
        raise SessionEndedError("no greeting", Ground.BAD_GREETING)
    hello = frame.hello
    if hello.node_id != peer or hello.version < VERSION:
        raise SessionEndedError("a greeting of somebody else, or of another version", Ground.BAD_GREETING)
    return hello


def drift_of(hello: link_service_pb2.Hello, now: datetime) -> int:
    """Returns by how many milliseconds the peer's clock is ahead of ours."""
    return max(-_MOST_DRIFT, min(_MOST_DRIFT, hello.clock_millis - _millis(now)))


def incarnation_of(hello: link_service_pb2.Hello) -> str:
    """Returns a peer's incarnation as a database takes it."""
    return hello.incarnation[:_INCARNATION_LETTERS].replace("\0", "")


def _millis(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() * 1000)
