"""`link import`: gives files of a removable medium to the node, and writes beside each what to carry back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from google.api import httpbody_pb2
from google.protobuf.message import DecodeError

from bluepacific.exchange.v1 import lane_service_pb2 as pb
from bluepacific.exchange.v1 import medium_pb2
from bp_client import AsyncBluePacific, Problem
from bp_exchange.protocol.medium import BlockReader
from bp_node.failure import CommandError, told_plainly
from bp_node.linking.asking import ask
from bp_node.linking.exporting import SUFFIX
from bp_node.screen import say, say_json, working
from bp_node.settings import load

_ACK_SUFFIX = f".ack{SUFFIX}"
_PIECE_BYTES = 256 * 1024
_PEEK_BYTES = 8 * 1024 * 1024
_SECONDS = 3600.0


def import_files(directory: Path, sources: Sequence[Path], acks: Path | None, *, as_json: bool) -> None:
    """Takes files, or what a folder has for this node.

    Args:
        directory: The node's folder.
        sources: Files or folders.
        acks: Folder for what to carry back; beside each file if None.
        as_json: Write JSON.

    Raises:
        CommandError: The node does not answer, or something of a file was not taken; the rest was.
    """
    own = load(directory).node_id
    files = [file for source in sources for file in _files(source, own)]
    if not files:
        raise CommandError(f"there is nothing for {own} in {', '.join(str(one) for one in sources)}")
    documents, failures = [], []
    for file in files:
        with working(f"Importing {file.name}", quiet=as_json), told_plainly("read", file):
            document = ask(directory, "administrator", lambda client, file=file: _take(client, file))  # type: ignore[misc]
        failures += _failures(file, document)
        documents.append(document)
        if (answer := document.pop("acknowledgement", b"")) and "refusal" not in document:
            document["carryBack"] = str(_write_ack(file, acks, answer))
    _tell(documents, as_json=as_json)
    if failures:
        raise CommandError("; ".join(failures))


def _files(source: Path, own: str) -> list[Path]:
    with told_plainly("read", source):
        if not source.is_dir():
            source.open("rb").close()
            return [source]
        return [file for file in sorted(source.glob(f"*{SUFFIX}")) if _is_for(file, own)]


def _is_for(file: Path, own: str) -> bool:
    """A folder holds what goes both ways, and perhaps what is for others; what cannot be read the node shall judge."""
    with file.open("rb") as opened:
        blocks = BlockReader().feed(opened.read(_PEEK_BYTES))
    try:
        first = medium_pb2.MediumContent.FromString(medium_pb2.MediumBlock.FromString(blocks[0]).content)
    except (DecodeError, IndexError):
        return True
    return first.to_node == own


async def _take(client: AsyncBluePacific, file: Path) -> dict[str, Any]:
    try:
        answer = await client.exchange.lanes.ImportMedium(_pieces(file), timeout=_SECONDS)
    except Problem as problem:
        if not problem.reason.startswith("MEDIUM_"):
            raise
        return {"file": str(file), "refusal": problem.reason, "detail": problem.detail}
    return {
        "file": str(file),
        "from": answer.from_node,
        "export": answer.medium_id,
        "blocks": [answer.first_block, answer.last_block],
        "ended": answer.ended,
        "damagedBlocks": answer.damaged_blocks,
        "truncated": answer.truncated,
        "storedItems": answer.stored_items,
        "refusedItems": answer.refused_items,
        "files": answer.files,
        "unusedChunks": answer.unused_chunks,
        "acknowledgedItems": answer.acknowledged_items,
        "register": answer.register,
        "acknowledgement": answer.acknowledgement,
    }


async def _pieces(file: Path) -> AsyncIterator[pb.ImportMediumRequest]:
    with file.open("rb") as opened:
        sent = False
        while data := await asyncio.to_thread(opened.read, _PIECE_BYTES):
            sent = True
            yield pb.ImportMediumRequest(content=httpbody_pb2.HttpBody(data=data))
        if not sent:
            yield pb.ImportMediumRequest()


def _write_ack(file: Path, acks: Path | None, content: bytes) -> Path:
    place = (acks or file.parent) / (file.name.removesuffix(SUFFIX) + _ACK_SUFFIX)
    with told_plainly("write what to carry back; the import is done, and can be repeated with --acks:", place):
        place.write_bytes(content)
    return place


def _failures(file: Path, document: dict[str, Any]) -> list[str]:
    if "refusal" in document:
        return [f"{file}: {document['detail']}"]
    found = []
    if document["damagedBlocks"]:
        found.append(
            f"{file}: {document['damagedBlocks']} of its blocks did not verify and were left; the rest was taken"
        )
    if document["truncated"]:
        found.append(f"{file}: it is cut off; what is whole was taken")
    return found


def _tell(documents: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        say_json({"imports": documents})
        return
    for one in documents:
        if "refusal" in one:
            continue
        say(
            f"{one['file']}: from {one['from']}, {one['storedItems']} items are here, {one['refusedItems']} refused, "
            f"{one['files']} files whole, {one['acknowledgedItems']} of ours acknowledged"
        )
        if one["unusedChunks"] and not one["files"]:
            say(
                "  pieces of files were left: here already, or announced in another file of the export; then import this one again"
            )
        if "carryBack" in one:
            say(f"  carry back to {one['from']}: {one['carryBack']}")
