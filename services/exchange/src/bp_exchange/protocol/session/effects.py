"""What a session wants done. A driver does the effects of one hand one after the other, those of different hands side by side.

Each effect says which method of the session takes its outcome. One that cannot be done ends the link; the next link begins anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar

from bluepacific.exchange.v1 import link_service_pb2, register_pb2


class Hand(Enum):
    """Which effects wait for each other."""

    # In the order of the frames that asked for them: no frame is heard while one is being done.
    HEARING = auto()
    QUEUE = auto()
    STORING = auto()
    SETTLING = auto()
    GIVING = auto()
    FETCHING = auto()


@dataclass(frozen=True)
class Greeted:
    """The peer has said who it is: to be noted; `greeted()` follows."""

    hand: ClassVar = Hand.HEARING
    hello: link_service_pb2.Hello
    drift_millis: int


@dataclass(frozen=True)
class Believe:
    """The centre sent a register: to be verified and kept; `believed()` follows, also when it proves nothing."""

    hand: ClassVar = Hand.HEARING
    bundle: register_pb2.RegisterBundle


@dataclass(frozen=True)
class WritePiece:
    """A piece of a file arrived: to be written; `piece_written(digest, size)` follows."""

    hand: ClassVar = Hand.HEARING
    digest: str
    offset: int
    data: bytes


@dataclass(frozen=True)
class Pass:
    """A frame that is not the core's: whoever knows its kind takes it; `passed()` follows."""

    hand: ClassVar = Hand.HEARING
    frame: link_service_pb2.Frame


@dataclass(frozen=True)
class LookInQueue:
    """To be read: what is owed and not under way, the most urgent first; `found(items)` follows.

    Attributes:
        under_way: Positions.
        limit: Of items.
        ahead: There is still something to send meanwhile, so that more may be sealed for later.
    """

    hand: ClassVar = Hand.QUEUE
    under_way: frozenset[int]
    limit: int
    ahead: bool = False


@dataclass(frozen=True)
class KeepPace:
    """How fast the peer takes what is sent, in bytes a second; nothing follows."""

    hand: ClassVar = Hand.QUEUE
    rate: int


@dataclass(frozen=True)
class Store:
    """Items arrived: to be stored in one transaction; `stored(positions, refused)` follows the commit."""

    hand: ClassVar = Hand.STORING
    items: Sequence[link_service_pb2.Item]


@dataclass(frozen=True)
class Settle:
    """The peer has items of the queue on disk, or will never take them; `settled(positions)` follows the commit."""

    hand: ClassVar = Hand.SETTLING
    stored: Sequence[int]
    refused: dict[int, str]


@dataclass(frozen=True)
class FindFile:
    """The peer asks for a file; `file_found(digest, size)` follows, with 0 for one that is not whole here."""

    hand: ClassVar = Hand.GIVING
    digest: str


@dataclass(frozen=True)
class ReadPiece:
    """A piece is to be sent; `piece_read(digest, offset, data)` follows, without data when the file is lost."""

    hand: ClassVar = Hand.GIVING
    digest: str
    offset: int
    size: int


@dataclass(frozen=True)
class LookForFiles:
    """To be read: what is awaited from the peer and was not asked for yet; `wanted(files)` follows."""

    hand: ClassVar = Hand.FETCHING
    asked: frozenset[str]
    limit: int


@dataclass(frozen=True)
class FinishFile:
    """All of a file is here: to be verified and opened; `file_finished(digest, whole)` follows."""

    hand: ClassVar = Hand.FETCHING
    digest: str


Effect = (
    Greeted
    | Believe
    | WritePiece
    | Pass
    | LookInQueue
    | KeepPace
    | Store
    | Settle
    | FindFile
    | ReadPiece
    | LookForFiles
    | FinishFile
)


@dataclass(frozen=True)
class Waiting:
    """An item of the queue with its urgency, a number of `Urgency`."""

    urgency: int
    item: link_service_pb2.Item


@dataclass(frozen=True)
class Wanted:
    """A file that is awaited: its ciphertext, of whose bytes `have` are here already."""

    digest: str
    size: int
    urgency: int
    have: int
