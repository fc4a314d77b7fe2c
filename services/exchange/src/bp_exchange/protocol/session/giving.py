"""Files that the peer asked for: found, read piece by piece, the most urgent first, and sent on until the peer says that it has them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from bluepacific.exchange.v1 import link_service_pb2
from bp_exchange.protocol.names import is_digest
from bp_exchange.protocol.session.effects import Effect, FindFile, ReadPiece

PIECE_BYTES = 16 * 1024
MAX_REQUESTS = 1000


@dataclass
class _Transfer:
    """A file that a peer asked for.

    Attributes:
        sent: How much of it was.
        size: 0 while it is not here.
        until: The peer asked for nothing behind it yet; 0 where it asked for all.
        under_way: Where pieces ended, and when they left.
    """

    digest: str
    urgency: int
    sent: int
    size: int = 0
    until: int = 0
    under_way: deque[tuple[int, float]] = field(default_factory=deque)

    @property
    def end(self) -> int:
        """Up to where it may go now."""
        return min(self.size, self.until) if self.until > 0 else self.size


@dataclass(frozen=True)
class Piece:
    """A piece that goes; `weight` is what it takes of the window."""

    digest: str
    offset: int
    data: bytes
    urgency: int
    weight: int = PIECE_BYTES


class Giving:
    """One link's files on their way to the peer.

    Attributes:
        effects: What is to be done, in order.
        is_reading: A piece is being read.
    """

    def __init__(self) -> None:
        self.effects: deque[Effect] = deque()
        self._transfers: dict[str, _Transfer] = {}
        self._piece: Piece | None = None
        self.is_reading = False

    def requested(self, request: link_service_pb2.BlobRequest) -> list[tuple[float, int]]:
        """Takes a request; returns when what arrived by it was sent, and its weight."""
        known = self._transfers.get(request.digest)
        if known is not None:
            known.until = request.until
            return self._arrived(known, request.offset)
        if len(self._transfers) < MAX_REQUESTS and is_digest(request.digest) and request.offset >= 0:
            self._transfers[request.digest] = _Transfer(
                request.digest, request.urgency, request.offset, until=request.until
            )
            self.effects.append(FindFile(request.digest))
        return []

    def _arrived(self, transfer: _Transfer, offset: int) -> list[tuple[float, int]]:
        arrived = []
        while transfer.under_way and transfer.under_way[0][0] <= offset:
            arrived.append((transfer.under_way.popleft()[1], PIECE_BYTES))
        if transfer.size and offset >= transfer.size:
            arrived += [(sent_at, PIECE_BYTES) for _, sent_at in transfer.under_way]
            self._forget(transfer)
        return arrived

    def _forget(self, transfer: _Transfer) -> None:
        del self._transfers[transfer.digest]
        if self._piece and self._piece.digest == transfer.digest:
            self._piece = None

    def look_anew(self) -> None:
        """Another file has become whole here."""
        self.effects.extend(FindFile(one.digest) for one in self._transfers.values() if not one.size)

    def file_found(self, digest: str, size: int) -> None:
        """Takes a file's size; 0 while it is not here."""
        if transfer := self._transfers.get(digest):
            transfer.size = size

    def urgency(self) -> int | None:
        """Returns the urgency of what would go next; None when nothing would."""
        if self._piece:
            return self._piece.urgency
        transfer = self._most_urgent()
        return transfer.urgency if transfer else None

    def _most_urgent(self) -> _Transfer | None:
        ready = [one for one in self._transfers.values() if one.sent < one.end]
        return min(ready, key=lambda one: one.urgency) if ready else None

    def next(self, now: float) -> Piece | None:
        """Returns the next piece, which is sent at `now`; None while it must be read first."""
        piece, self._piece = self._piece, None
        if piece is None:
            self._read()
            return None
        transfer = self._transfers[piece.digest]
        transfer.sent = piece.offset + len(piece.data)
        transfer.under_way.append((transfer.sent, now))
        return piece

    def _read(self) -> None:
        transfer = self._most_urgent()
        if transfer and not self.is_reading:
            self.is_reading = True
            self.effects.append(
                ReadPiece(transfer.digest, transfer.sent, min(PIECE_BYTES, transfer.end - transfer.sent))
            )

    def piece_read(self, digest: str, offset: int, data: bytes | None) -> None:
        """Takes what was read. A file that is lost on this node's disk is as if it had never been here."""
        self.is_reading = False
        transfer = self._transfers.get(digest)
        if transfer is None:
            return
        if not data:
            transfer.size = 0
        else:
            self._piece = Piece(digest, offset, data, transfer.urgency)
