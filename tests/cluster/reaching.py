"""How this machine reaches a node's gateway: by the Service's own address where it is reachable, else by kubectl's forward.

A forward ends with its pod, and everything that was under way in it; a relay loses only what the pod itself hangs up on.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster.kube import get
from tests.cluster.nodes import RELEASE

_PIECE_BYTES = 64 * 1024


@contextmanager
def reached(where: str, port: int) -> Iterator[None]:
    """Serves a node's gateway on a port of this machine within the block."""
    address = get(f"service/{RELEASE}-gateway", where)[0]["spec"]["clusterIP"]
    with _relayed(address, port) if _answers(address) else _forwarded(where, port):
        yield


def _answers(address: str) -> bool:
    try:
        socket.create_connection((address, 80), timeout=5).close()
    except OSError:
        return False
    return True


@contextmanager
def _relayed(address: str, port: int) -> Iterator[None]:
    loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError):
                there, back = await asyncio.open_connection(address, 80)
                await asyncio.gather(_pump(reader, back), _pump(there, writer))
        finally:
            writer.close()

    async def serve() -> None:
        async with await asyncio.start_server(relay, "127.0.0.1", port):
            ready.set()
            await stop.wait()
        # Here and not where it was asked for, which may be within another loop.
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(60), f"port {port} is taken"
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        with contextlib.suppress(OSError):
            while piece := await source.read(_PIECE_BYTES):
                target.write(piece)
                await target.drain()
    finally:
        target.close()


@contextmanager
def _forwarded(where: str, port: int) -> Iterator[None]:
    """Forwards a node's gateway to this machine, again and again."""
    ended = threading.Event()
    running: list[subprocess.Popen[bytes]] = []

    def keep() -> None:
        command = ["kubectl", "port-forward", "-n", where, f"svc/{RELEASE}-gateway", f"{port}:80"]
        while not ended.is_set():
            running[:] = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)]
            with running[0] as process:
                assert process.stderr
                for line in process.stderr:
                    # Its pod is gone, but it would go on listening.
                    if b"lost connection" in line or b"error" in line:
                        process.terminate()
            ended.wait(0.3)

    thread = threading.Thread(target=keep)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        for process in running:
            process.terminate()
        thread.join()
