"""Sends what waits as a Matrix homeserver does: one transaction under way to a destination, in order, again until it is answered.

    .venv/bin/python -m tests.bench.link.https_client FOLDER LINK_PORT BATCH gzip|plain

Each line of its input is another message, in hexadecimal; an urgent one begins with `!`. An event carries what the homeservers' events do:
ids of the events before it, its hash, an Ed25519 signature; the transaction its sender's authorization.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import os
import ssl
import sys
import time
from pathlib import Path
from typing import Any

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_PAUSE_SECONDS = 0.2


class Sender:
    """The queue of one destination."""

    def __init__(self, batch: int, *, compressed: bool) -> None:
        self._batch = batch
        self._compressed = compressed
        self._key = Ed25519PrivateKey.generate()
        self._events: list[dict[str, Any]] = []
        self._sent = 0
        self._more = asyncio.Event()

    async def read(self) -> None:
        """Takes messages from standard input until it ends."""
        reader = asyncio.StreamReader(limit=2**20)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := (await reader.readline()).strip().decode():
            self._add(bytes.fromhex(line.lstrip("!")).decode(), urgent=line.startswith("!"))

    def _add(self, message: str, *, urgent: bool) -> None:
        content = {"msgtype": "police", "body": json.loads(message)} | ({"urgent": 1} if urgent else {})
        before = [one["event_id"] for one in self._events[-1:]]
        raw = json.dumps(content).encode()
        digest = base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")
        event = {
            "event_id": "$" + base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("="),
            "type": "m.room.message",
            "room_id": "!kVu3jTqzPq:centre",
            "sender": "@ncb:country",
            "origin_server_ts": int(time.time() * 1000),
            "depth": len(self._events) + 1,
            "prev_events": before,
            "auth_events": before * 3,
            "hashes": {"sha256": digest},
            "signatures": {"country": {"ed25519:1": base64.b64encode(self._key.sign(raw)).decode().rstrip("=")}},
            "content": content,
        }
        self._events.append(event)
        self._more.set()

    async def send(self, port: int, trusted: ssl.SSLContext) -> None:
        """Sends for ever."""
        async with httpx2.AsyncClient(verify=trusted, timeout=300, base_url=f"https://127.0.0.1:{port}") as client:
            while True:
                events = self._events[self._sent : self._sent + self._batch]
                if not events:
                    self._more.clear()
                    await self._more.wait()
                    continue
                try:
                    answer = await client.put(f"/_matrix/federation/v1/send/{self._sent}", **self._request(events))
                except httpx2.TransportError:
                    await asyncio.sleep(_PAUSE_SECONDS)
                    continue
                answer.raise_for_status()
                self._sent += len(events)

    def _request(self, events: list[dict[str, Any]]) -> dict[str, Any]:
        transaction = {"origin": "country", "origin_server_ts": int(time.time() * 1000), "pdus": events}
        body = json.dumps(transaction, ensure_ascii=False, separators=(",", ":")).encode()
        signature = base64.b64encode(self._key.sign(body)).decode().rstrip("=")
        headers = {
            "content-type": "application/json",
            "authorization": f'X-Matrix origin="country",destination="centre",key="ed25519:1",sig="{signature}"',
        }
        if self._compressed:
            body, headers["content-encoding"] = gzip.compress(body), "gzip"
        return {"content": body, "headers": headers}


async def _main() -> None:
    folder, port, batch, how = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    sender = Sender(batch, compressed=how == "gzip")
    trusted = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sender.read())
        tasks.create_task(sender.send(port, trusted))


if __name__ == "__main__":
    asyncio.run(_main())
