"""What a service needs of the outside, handed to its `build(settings, seams)`; tests pass their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from uuid_utils import uuid7

if TYPE_CHECKING:
    from bp_kit.blobs import BlobStore
    from bp_kit.keys import KeySource
    from bp_kit.sealing import Sealer

Clock = Callable[[], datetime]
Ids = Callable[[], str]


def system_clock() -> datetime:
    """Returns the time now, in UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """Returns a new UUIDv7 (RFC 9562): unique, and in order of time."""
    return str(uuid7())


@dataclass(frozen=True)
class Seams:
    """The outside of a service.

    Attributes:
        country: The ISO code of the country this node speaks for.
        blobs: Files by content, shared by the node's services.
        channel: Returns a gRPC channel to a service of this node, by its short name: `channel("exchange")`.
        keys: Public keys that verify access tokens.
        sealer: Seals page tokens.
        clock: The time now, in UTC.
        ids: A new UUIDv7.
    """

    country: str
    blobs: BlobStore
    channel: Callable[[str], Any]
    keys: KeySource
    sealer: Sealer
    clock: Clock = system_clock
    ids: Ids = new_id
