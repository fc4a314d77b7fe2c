"""What names, ids and moments look like. Whatever else arrives in a header is refused before it reaches a database."""

from __future__ import annotations

import re

from google.protobuf.timestamp_pb2 import Timestamp

_NAME = re.compile(r"countries/[A-Z]{3}(/units/[a-z0-9-]{2,63})?")
_TOPIC = re.compile(r"bluepacific(\.[a-z0-9_]+){3,6}")
_ID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")
_NODE_ID = re.compile(r"[a-z][a-z0-9-]{1,30}")
_TRACEPARENT = re.compile(r"([0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})?")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TOPIC_LETTERS = 200
_CONVERSATION_LETTERS = 255
# The end of the year 9999, the last that databases and `datetime` know.
_LAST_SECOND = 253402300799


def is_name(text: str) -> bool:
    """Tells whether it names a country or a unit."""
    return _NAME.fullmatch(text) is not None


def is_topic(text: str) -> bool:
    """Tells whether it names a topic."""
    return len(text) <= _TOPIC_LETTERS and _TOPIC.fullmatch(text) is not None


def is_id(text: str) -> bool:
    """Tells whether it is a UUID as we write them."""
    return _ID.fullmatch(text) is not None


def is_node_id(text: str) -> bool:
    """Tells whether it is a node's short name."""
    return _NODE_ID.fullmatch(text) is not None


def is_digest(text: str) -> bool:
    """Tells whether it is a SHA-256 in lower-case hexadecimal."""
    return _DIGEST.fullmatch(text) is not None


def is_traceparent(text: str) -> bool:
    """Tells whether it is a W3C trace context, or empty."""
    return _TRACEPARENT.fullmatch(text) is not None


def is_conversation(text: str) -> bool:
    """Tells whether every database takes it."""
    return len(text) <= _CONVERSATION_LETTERS and "\0" not in text


def is_moment(moment: Timestamp) -> bool:
    """Tells whether it is a moment that every database takes."""
    return 0 <= moment.seconds <= _LAST_SECOND and 0 <= moment.nanos < 10**9


def service_of(topic: str) -> str:
    """Returns the service that receives a topic: `bluepacific.cooperation.v1.request.opened` -> `cooperation`."""
    return topic.split(".")[1]
