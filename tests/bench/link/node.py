"""A whole node as a process, all services running, told on standard input what its services send.

    .venv/bin/python -m tests.bench.link.node FOLDER

It takes lines: `load FILE` (a message a line, in hexadecimal), `flash N`, `file PATH`, `pace RATE COUNT FILE`, and answers each with JSON.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
import uuid
from pathlib import Path

import uvloop

from bluepacific.common.v1 import blob_pb2, handling_pb2
from bluepacific.exchange.v1 import topic_service_pb2, topic_service_pb2_grpc
from bp_kit import logs
from bp_kit.blobs import BlobStore
from bp_node.embedded import Node, run_node
from bp_node.settings import load

# What is urgent goes to another service, so that both can be counted.
_TOPIC = "bluepacific.bench.v1.note.sent"
_URGENT_TOPIC = "bluepacific.flash.v1.note.sent"
_AUTHOR = "countries/FJI/units/ncb"
_RECIPIENT = "countries/WSM/units/ncb"
_THREADS = 50
_PIECE_BYTES = 256 * 1024


class Driven:
    """A running node with a service that sends what it is told."""

    def __init__(self, node: Node, folder: Path) -> None:
        self._topics = topic_service_pb2_grpc.TopicServiceStub(node.own_channel)
        self._folder = folder
        self._number = itertools.count()

    async def load(self, file: str) -> dict[str, object]:
        """Sends a file's messages."""
        for line in _lines(file):
            await self._send(bytes.fromhex(line))
        return {}

    async def pace(self, rate: str, count: str, file: str) -> dict[str, object]:
        """Sends at that many messages a second; returns the moment of each call."""
        moments, begun = [], time.time()
        for at, line in enumerate(_lines(file)[: int(count)]):
            await asyncio.sleep(begun + at / int(rate) - time.time())
            moments.append((str(uuid.uuid4()), time.time()))
            await self._send(bytes.fromhex(line), message_id=moments[-1][0])
        return {"moments": moments}

    async def flash(self, number: str) -> dict[str, object]:
        """Sends an urgent message."""
        urgent = handling_pb2.URGENCY_FLASH
        payload = json.dumps({"flash": number}).encode()
        await self._send(payload, urgency=urgent, conversation="", topic=_URGENT_TOPIC)
        return {}

    async def file(self, path: str) -> dict[str, object]:
        """Sends a message with a file."""
        content = await asyncio.to_thread(Path(path).read_bytes)

        async def pieces():  # type: ignore[no-untyped-def]
            for at in range(0, len(content), _PIECE_BYTES):
                yield content[at : at + _PIECE_BYTES]

        stored = await BlobStore(self._folder / "blobs").put(pieces(), limit=len(content))
        blob = blob_pb2.Blob(
            digest=stored.digest, size_bytes=stored.size, media_type="image/jpeg", file_name="vessel.jpg"
        )
        await self._send(b"{}", blobs=[blob])
        return {"digest": stored.digest}

    async def _send(self, payload: bytes, **fields: object) -> None:
        values = {
            "message_id": str(uuid.uuid4()),
            "topic": _TOPIC,
            "author": _AUTHOR,
            "recipients": [_RECIPIENT],
            "urgency": handling_pb2.URGENCY_ROUTINE,
            "conversation": f"countries/FJI/requests/{next(self._number) % _THREADS}",
            "payload": payload,
            "handling": handling_pb2.Handling(tlp=handling_pb2.TLP_AMBER, purpose=handling_pb2.PURPOSE_INVESTIGATION),
            "receipts": True,
        }
        message = topic_service_pb2.Message(**(values | fields))
        await self._topics.Send(topic_service_pb2.SendRequest(message=message))


def _lines(file: str) -> list[str]:
    return Path(file).read_text(encoding="ascii").splitlines()


async def _main(folder: Path) -> None:
    settings = load(folder)
    logs.configure(node=settings.node_id, style="json", level="WARNING")
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with run_node(settings) as node:
        driven = Driven(node, folder)
        _say({"ready": True})
        # The end of its input, or whoever started it, ends it.
        while line := (await reader.readline()).decode().split():
            _say({"done": line[0], **await getattr(driven, line[0])(*line[1:])})


def _say(answer: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_main(Path(sys.argv[1])))
