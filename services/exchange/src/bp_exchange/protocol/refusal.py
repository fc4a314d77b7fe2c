"""Why a node will never take an item; travels back as a code, is counted and logged without content."""

from __future__ import annotations

from enum import StrEnum


class Ground(StrEnum):
    """The coded grounds."""

    MALFORMED = "MALFORMED"
    TOO_LARGE = "TOO_LARGE"
    UNKNOWN_VERSION = "UNKNOWN_VERSION"
    UNKNOWN_SENDER = "UNKNOWN_SENDER"
    REVOKED_SENDER = "REVOKED_SENDER"
    REVOKED_UNIT = "REVOKED_UNIT"
    REVOKED_RECIPIENT = "REVOKED_RECIPIENT"
    WRONG_RELAY = "WRONG_RELAY"
    BAD_SEAL = "BAD_SEAL"
    BAD_AUTHOR = "BAD_AUTHOR"
    NOT_ADDRESSED = "NOT_ADDRESSED"
    TOO_MANY_RECIPIENTS = "TOO_MANY_RECIPIENTS"
    DIGEST_DIFFERS = "DIGEST_DIFFERS"
    EXPIRED = "EXPIRED"
    NOT_STORABLE = "NOT_STORABLE"
    # Of a link, which they end.
    BAD_GREETING = "BAD_GREETING"
    FRAME_TOO_LARGE = "FRAME_TOO_LARGE"
    TOO_MANY_ACKS = "TOO_MANY_ACKS"
    NOT_THE_CENTRE = "NOT_THE_CENTRE"
    NOT_TRUSTED = "NOT_TRUSTED"
    UNKNOWN_CERTIFICATE = "UNKNOWN_CERTIFICATE"


class RefusedItemError(Exception):
    """An item that this node will never take."""

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self.ground = ground
