"""The post: takes letters from a test over a socket, and keeps those that arrive. A letter that was answered for is on disk."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from google.protobuf import struct_pb2
from sqlalchemy import Column, Integer, String, Table, insert, select
from sqlalchemy.exc import SQLAlchemyError

from bluepacific.common.v1 import blob_pb2, handling_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_kit.database import Database
from bp_kit.inbox import Subscriber
from bp_kit.outbox import Outbox, OutboxRelay
from bp_kit.ports import Seams
from bp_kit.tables import service_metadata

TOPIC = "bluepacific.post.v1.letter.sent"
FILE = "post.sqlite"
_METADATA = service_metadata()
_POSTED = Table("posted", _METADATA, Column("id", String(36), primary_key=True))
# No key but the position, so that a letter that took effect twice stands here twice.
LETTER = Table(
    "letter",
    _METADATA,
    Column("position", Integer, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False),
    Column("author", String(100), nullable=False),
    Column("conversation", String(200), nullable=False),
    Column("number", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
)


class Office:
    """The service.

    Args:
        folder: The node's.
        seams: Of the node.
    """

    def __init__(self, folder: Path, seams: Seams) -> None:
        self.database = Database(f"sqlite+aiosqlite:///{folder / 'data' / FILE}")
        self._seams = seams
        self.workers = (
            OutboxRelay(self.database, seams, "post").run,
            Subscriber(self.database, seams, "post", {TOPIC: self._arrived}).run,
        )

    async def open(self) -> None:
        """Makes the tables when they are missing."""
        async with self.database.write() as session:
            await (await session.connection()).run_sync(_METADATA.create_all)

    async def _arrived(self, session: Any, message: topics_pb2.Message) -> None:
        told = struct_pb2.Struct.FromString(message.payload)
        await session.execute(
            insert(LETTER).values(
                id=told["id"],
                author=message.author,
                conversation=message.conversation,
                number=int(told["number"]),
                digest=message.blobs[0].digest if message.blobs else "",
            )
        )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers one test: a line of JSON for a line of JSON."""
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                asked = json.loads(line)
                try:
                    answer = await (self._store(asked["file"]) if "file" in asked else self._post(asked))
                except (OSError, SQLAlchemyError) as error:
                    answer = {"refused": type(error).__name__}
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        writer.close()

    async def _post(self, letter: dict[str, Any]) -> dict[str, Any]:
        """Takes a letter; one that was taken before is only answered for."""
        async with self.database.write() as session:
            if not await session.scalar(select(_POSTED.c.id).where(_POSTED.c.id == letter["id"])):
                await session.execute(insert(_POSTED).values(id=letter["id"]))
                payload = struct_pb2.Struct()
                payload.update({key: letter[key] for key in ("id", "number", "text")})
                await Outbox(session, self._seams).send(
                    topic=TOPIC,
                    payload=payload,
                    author=letter["author"],
                    recipients=letter["to"],
                    urgency=handling_pb2.Urgency.Value(f"URGENCY_{letter.get('urgency', 'ROUTINE')}"),
                    conversation=letter["conversation"],
                    blobs=[blob_pb2.Blob(**letter["blob"])] if letter.get("blob") else [],
                    receipts=letter.get("receipts", False),
                )
        return {"taken": letter["id"]}

    async def _store(self, file: str) -> dict[str, Any]:
        """Puts a file among the node's own."""
        stored = await self._seams.blobs.put(_pieces(Path(file)), limit=1 << 30)
        return {"digest": stored.digest, "size_bytes": stored.size, "media_type": "application/octet-stream"}


async def _pieces(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(256 * 1024):
            yield piece
