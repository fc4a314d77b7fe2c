"""Takes transactions as a Matrix homeserver does, over HTTPS; each is on disk before it is answered.

.venv/bin/python -m tests.bench.link.https_server FOLDER PORT
"""

from __future__ import annotations

import json
import sqlite3
import sys
import zlib
from pathlib import Path
from typing import Any

import uvicorn

_SCHEMA = "create table if not exists message (id text primary key, urgent integer, body blob)"


def main() -> None:
    """Serves until it is stopped."""
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    store = sqlite3.connect(folder / "server.sqlite", isolation_level=None)
    for statement in ("pragma journal_mode=wal", "pragma synchronous=full", _SCHEMA):
        store.execute(statement)

    async def take(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            event = await receive()
            body += event.get("body", b"")
            if not event.get("more_body"):
                break
        if (b"content-encoding", b"gzip") in scope["headers"]:
            body = zlib.decompress(body, wbits=31)
        events = json.loads(body)["pdus"]
        rows = [(one["event_id"], one["content"].get("urgent", 0), json.dumps(one)) for one in events]
        store.execute("begin immediate")
        store.executemany("insert or ignore into message values (?, ?, ?)", rows)
        store.execute("commit")
        answer = json.dumps({"pdus": {one["event_id"]: {} for one in events}}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    uvicorn.run(
        take,
        host="127.0.0.1",
        port=port,
        ssl_certfile=str(folder / "certificate.pem"),
        ssl_keyfile=str(folder / "key.pem"),
        log_level="warning",
        access_log=False,
        timeout_keep_alive=300,
        lifespan="off",
    )


if __name__ == "__main__":
    main()
