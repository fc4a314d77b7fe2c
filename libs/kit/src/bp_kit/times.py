"""Moments as protos carry them, and back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import overload

from google.protobuf.timestamp_pb2 import Timestamp

from bp_kit.errors import Refused


@overload
def timestamp(moment: datetime) -> Timestamp: ...
@overload
def timestamp(moment: None) -> None: ...
def timestamp(moment: datetime | None) -> Timestamp | None:
    """Returns the moment as protos carry it; None stays unset."""
    if moment is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def moment(stamp: Timestamp, field: str) -> datetime:
    """Returns a proto's moment, in UTC.

    Args:
        stamp: As it came.
        field: Its name, for the refusal.

    Raises:
        Refused: INVALID_FIELD, where it is no moment of the years 1 to 9999.
    """
    try:
        return stamp.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise Refused("INVALID_FIELD", field=field, rule="json.timestamp") from None
