"""The region's own socket: who runs where, and to leave a node down for a while. One line of JSON each way; this user only."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bp_node.failure import CommandError
from bp_node.region.process import NodeProcess

_LINE_BYTES = 4096


@asynccontextmanager
async def listening(nodes: Mapping[str, NodeProcess]) -> AsyncIterator[Path]:
    """Serves the socket within the block and gives its path."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await reader.readline()
            writer.write(json.dumps(_answer(line, nodes)).encode() + b"\n")
            await writer.drain()
        except (ConnectionError, ValueError):
            pass
        finally:
            writer.close()

    # A folder of its own, 0700, with a short name: socket paths may have no more than about 100 letters.
    with tempfile.TemporaryDirectory(prefix="bluepacific-") as folder:
        path = Path(folder) / "region.sock"
        server = await asyncio.start_unix_server(serve, path, limit=_LINE_BYTES)
        try:
            yield path
        finally:
            server.close()


def _answer(line: bytes, nodes: Mapping[str, NodeProcess]) -> dict[str, Any]:
    try:
        request = json.loads(line)
        verb, node = request["do"], nodes[request["node"]]
    except (ValueError, KeyError, TypeError):
        return {"error": "ask for hold, release, kill or state of a node"}
    if verb == "hold":
        node.hold()
    elif verb == "release":
        node.release()
    elif verb == "kill":
        node.kill()
    elif verb != "state":
        return {"error": f"there is no {verb}"}
    return {"pid": node.pid, "ready": node.ready, "restarts": node.restarts}


async def ask(socket: Path, verb: str, node: str) -> dict[str, Any]:
    """Asks a running region.

    Args:
        socket: Its socket.
        verb: `hold`, `release`, `kill` or `state`.
        node: Which node.

    Returns:
        `pid` (None while down), `ready` and `restarts`.

    Raises:
        CommandError: No region runs there.
    """
    try:
        reader, writer = await asyncio.open_unix_connection(socket)
    except OSError as error:
        raise CommandError("the region does not answer; is `bluepacific region` running?") from error
    writer.write(json.dumps({"do": verb, "node": node}).encode() + b"\n")
    await writer.drain()
    answer: dict[str, Any] = json.loads(await reader.readline())
    writer.close()
    if "error" in answer:
        raise CommandError(answer["error"])
    return answer
