"""`link export`: writes what is owed to a peer into files on a removable medium, each small enough for every file system and one upload."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from bluepacific.exchange.v1 import lane_service_pb2 as pb
from bluepacific.exchange.v1 import medium_pb2
from bp_client import AsyncBluePacific
from bp_exchange.protocol.medium import LENGTH_BYTES, MAGIC, BlockReader
from bp_node.failure import CommandError, told_plainly
from bp_node.linking.asking import ask
from bp_node.linking.words import size_in_words
from bp_node.screen import say, say_json, working

SUFFIX = ".bpmedium"
_VOLUME_BLOCKS = 256
_VOLUME_BYTES = 256 * 1024 * 1024
_SECONDS = 3600.0


@dataclass
class Written:
    """One export to one peer.

    Attributes:
        peer: To whom.
        path_of: Gives the path of its n-th file, from 1.
        files: What was written.
        items: Envelopes and receipts in it.
        pieces: Pieces of files in it.
        wants: Files that it asks the peer for.
        register: The register is in it.
        size: Bytes.
        ended: Its last block was written.
    """

    peer: str
    path_of: Callable[[int], Path]
    files: list[Path] = field(default_factory=list)
    items: int = 0
    pieces: int = 0
    wants: int = 0
    register: bool = False
    size: int = 0
    ended: bool = False
    _file: BinaryIO | None = None
    _blocks: int = 0
    _room: int = 0

    def add(self, block: bytes) -> None:
        """Adds a block to the newest file, or to a new one when that is full."""
        if self._file is None or self._blocks >= _VOLUME_BLOCKS or self._room < len(block):
            self._next()
        assert self._file
        self._file.write(len(block).to_bytes(LENGTH_BYTES) + block)
        self._blocks += 1
        self._room -= len(block)
        self.size += len(block)
        self._count(medium_pb2.MediumContent.FromString(medium_pb2.MediumBlock.FromString(block).content))

    def _count(self, content: medium_pb2.MediumContent) -> None:
        self.items += len(content.items)
        self.pieces += len(content.chunks)
        self.wants += len(content.wants.digests)
        self.register = self.register or content.HasField("register")
        self.ended = self.ended or content.last

    def _next(self) -> None:
        self.close()
        path = self.path_of(len(self.files) + 1)
        self._file = path.open("xb")
        self.files.append(path)
        self._file.write(MAGIC)
        self._blocks, self._room = 0, _VOLUME_BYTES

    def close(self) -> None:
        """Ends the newest file; it is on the medium then, which may be pulled out."""
        if self._file:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None

    def drop(self) -> None:
        """Removes what was written."""
        self.close()
        for path in self.files:
            path.unlink(missing_ok=True)
        self.files.clear()


def export(directory: Path, to: Path, peer: str, *, as_json: bool) -> None:
    """Writes everything that is owed to a peer, or to each.

    Args:
        directory: The node's folder.
        to: A folder, or the file to make.
        peer: Node id; empty for every peer.
        as_json: Write JSON.

    Raises:
        CommandError: The node does not answer, or the medium cannot be written.
    """
    if not to.is_dir() and not peer:
        lanes = _peers(directory)
        if len(lanes.lanes) > 1:
            raise CommandError(f"{to} is no folder: name one, or the peer it is for with --peer")
    with working("Exporting", quiet=as_json), told_plainly("write to", to):
        written = ask(directory, "administrator", lambda client: _export(client, to, peer))
    if as_json:
        say_json({"exports": [_document(one) for one in written]})
        return
    for one in written:
        _tell(one)


def _peers(directory: Path) -> pb.Lanes:
    return ask(directory, "administrator", lambda client: client.exchange.lanes.GetLanes(pb.GetLanesRequest()))


async def _export(client: AsyncBluePacific, to: Path, peer: str) -> list[Written]:
    lanes = await client.exchange.lanes.GetLanes(pb.GetLanesRequest())
    peers = [peer] if peer else [one.peer for one in lanes.lanes if not one.revoked]
    return [await _export_to(client, one, _namer(to, lanes.node_id, one)) for one in peers]


async def _export_to(client: AsyncBluePacific, peer: str, path_of: Callable[[int], Path]) -> Written:
    written = Written(peer, path_of)
    try:
        await _fill(client, written)
    except BaseException:
        written.drop()
        raise
    written.close()
    if not (written.items or written.pieces or written.wants or written.register):
        written.drop()
    return written


async def _fill(client: AsyncBluePacific, written: Written) -> None:
    reader = BlockReader()
    call: Any = client.exchange.lanes.ExportMedium(pb.ExportMediumRequest(peer=written.peer), timeout=_SECONDS)
    # What cannot be written ends the call at once.
    async with contextlib.aclosing(call):
        async for piece in call:
            for block in reader.feed(piece.data):
                written.add(block)
    if not written.ended:
        raise CommandError("the node ended before the export did: try again")


def _namer(to: Path, own: str, peer: str) -> Callable[[int], Path]:
    if to.is_dir():
        now = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
        return lambda number: to / f"{own}-to-{peer}-{now}-{number:03}{SUFFIX}"
    return lambda number: to if number == 1 else to.with_name(f"{to.stem}-{number:03}{to.suffix}")


def _document(written: Written) -> dict[str, Any]:
    return {
        "peer": written.peer,
        "files": [str(path) for path in written.files],
        "items": written.items,
        "sizeBytes": written.size if written.files else 0,
    }


def _tell(written: Written) -> None:
    if not written.files:
        say(f"nothing is owed to {written.peer}")
        return
    say(f"{written.items} items for {written.peer}, {size_in_words(written.size)}:")
    for path in written.files:
        say(f"  {path}")
