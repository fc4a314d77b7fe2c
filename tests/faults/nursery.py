"""A process that has imported what a node needs, and forks one whenever a test starts it: a second of processor less for each.

What is forked is a process of its own with databases and sockets of its own, which `kill -9` ends as any other. It is forked before
anything of gRPC, of a database or of an event loop exists, so that it inherits imported code and nothing else.

    python -m tests.faults.nursery SOCKET
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from tests.faults.parentage import end_with_parent

_REQUEST_BYTES = 64 * 1024


class Born:
    """A process that a nursery forked; what `asyncio.subprocess.Process` is for one that was executed.

    Args:
        pid: Its id.
        stdout: What it prints.
    """

    def __init__(self, pid: int, stdout: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None
        self._writer = writer
        self._sent = 0
        self._ended = asyncio.get_running_loop().create_future()
        # Names this very process, also once its id is somebody else's.
        self._handle = os.pidfd_open(pid)
        asyncio.get_running_loop().add_reader(self._handle, self._end)

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._handle)
        os.close(self._handle)
        self.returncode = -self._sent
        self._writer.close()
        self._ended.set_result(None)

    def send_signal(self, number: int) -> None:
        """Sends it a signal."""
        if self.returncode is None:
            self._sent = number
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        """Kills it (kill -9)."""
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int | None:
        """Returns once it has ended."""
        await asyncio.shield(self._ended)
        return self.returncode


class Nursery:
    """The nursery of a test's process, made when it is asked for the first time; it outlives the event loop that asked."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="bp-nursery-")
        self._lock = threading.Lock()
        atexit.register(self._close)

    async def bear(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Born:
        """Forks a process that does what `python -m tests.faults.post` with these arguments does.

        Raises:
            OSError: The nursery is gone.
        """
        path = await asyncio.to_thread(self._opened)
        reader, writer = await asyncio.open_unix_connection(path)
        asked = {"arguments": list(arguments), "environment": dict(environment), "log": str(log)}
        writer.write(json.dumps(asked).encode() + b"\n")
        return Born(int(await reader.readline()), reader, writer)

    def _opened(self) -> str:
        path = str(Path(self._folder.name) / "socket")
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                started = [sys.executable, "-m", "tests.faults.nursery", path]
                self._process = subprocess.Popen(started, stdout=subprocess.PIPE)
                assert self._process.stdout
                with self._process.stdout as told:
                    told.readline()
        return path

    def _close(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()


def serve(path: str) -> None:
    """Forks a process for each connection; never returns in the nursery, and in what it forked when that ends."""
    from tests.faults.post.__main__ import run

    # What is looked for by name while a node starts.
    for name in ("bp_exchange.app", "alembic.command", "alembic.config", "aiosqlite"):
        import_module(name)

    # Nobody waits for what is forked: the kernel does.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with contextlib.suppress(FileNotFoundError):
        Path(path).unlink()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen()
    gc.collect()
    gc.freeze()
    os.write(sys.stdout.fileno(), b"ready\n")
    while True:
        connection, _ = listening.accept()
        if os.fork():
            connection.close()
            continue
        listening.close()
        run(_become(connection))
        return


def _become(connection: socket.socket) -> list[str]:
    """Makes this process what was asked for; returns its arguments."""
    end_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with connection.makefile("rb") as reading:
        asked = json.loads(reading.readline(_REQUEST_BYTES))
    with Path(asked["log"]).open("ab") as log:
        os.dup2(log.fileno(), sys.stderr.fileno())
    os.dup2(connection.fileno(), sys.stdout.fileno())
    connection.close()
    os.write(sys.stdout.fileno(), b"%d\n" % os.getpid())
    os.environ |= asked["environment"]
    arguments: list[str] = asked["arguments"]
    return arguments


if __name__ == "__main__":
    end_with_parent()
    serve(sys.argv[1])
