"""One node of a region as a process: started, watched, started again when it dies, stopped with its own grace."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bp_node.failure import CommandError

# Generous: a small machine that starts several nodes at once, cold.
_READY_SECONDS = 180.0
_GRACE_SECONDS = 20.0
_FIRST_DELAY = 0.2
_MAX_DELAY = 30.0
# A node that ran this long had started well: its next failure is a new one.
_STEADY_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1


class NodeProcess:
    """Keeps one node running.

    Args:
        node_id: For messages.
        folder: The node's folder.
        environment: Settings over node.toml's.
    """

    def __init__(self, node_id: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.node_id = node_id
        self.restarts = 0
        self._folder = folder
        self._environment = {**os.environ, **environment}
        self._process: asyncio.subprocess.Process | None = None
        self._ready = asyncio.Event()
        self._wanted = asyncio.Event()
        self._wanted.set()

    @property
    def pid(self) -> int | None:
        """The process's id; None while there is none."""
        return self._process.pid if self._process and self._process.returncode is None else None

    @property
    def ready(self) -> bool:
        """Whether it serves."""
        return self._ready.is_set()

    @property
    def log(self) -> Path:
        """Where its log goes."""
        return self._folder / "run" / "node.log"

    def hold(self) -> None:
        """Leaves it down when it dies, until `release`."""
        self._wanted.clear()

    def release(self) -> None:
        """Starts it again when it is down."""
        self._wanted.set()

    def kill(self) -> None:
        """Ends it as a power cut does: with SIGKILL."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)

    async def wait_ready(self) -> None:
        """Returns when it serves.

        Raises:
            CommandError: It does not within its time.
        """
        try:
            async with asyncio.timeout(_READY_SECONDS):
                await self._ready.wait()
        except TimeoutError:
            raise CommandError(f"{self.node_id} was not ready within {_READY_SECONDS:.0f} s; see {self.log}") from None

    async def keep_running(self) -> None:
        """Runs it until cancelled, then stops it.

        Raises:
            CommandError: It cannot even start for the first time.
        """
        delay = _FIRST_DELAY
        loop = asyncio.get_running_loop()
        try:
            while True:
                await self._wanted.wait()
                begun = loop.time()
                code = await self._run_once()
                if not self.restarts and not self._ready.is_set() and code != -signal.SIGKILL:
                    raise CommandError(f"{self.node_id} cannot start: {self._last_words()}")
                self._ready.clear()
                self.restarts += 1
                delay = _FIRST_DELAY if loop.time() - begun > _STEADY_SECONDS else min(_MAX_DELAY, delay * 2)
                await asyncio.sleep(delay)
        finally:
            await self._stop()

    async def _run_once(self) -> int:
        spawning = asyncio.ensure_future(self._spawn())
        try:
            self._process = await asyncio.shield(spawning)
        except asyncio.CancelledError:
            # It may be there all the same: then it is to be stopped, too.
            self._process = await spawning
            raise
        assert self._process.stdout
        async for line in self._process.stdout:
            if _event(line).get("event") == "ready":
                self._ready.set()
        return await self._process.wait()

    async def _spawn(self) -> asyncio.subprocess.Process:
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bp_node",
                "node",
                "up",
                "--json",
                "--dir",
                str(self._folder),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=self._environment,
                # Ctrl-C reaches the region alone, which stops its nodes in its own way.
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    async def _stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(_GRACE_SECONDS):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        told = [line.removeprefix("bluepacific: ") for line in lines if line.startswith("bluepacific: ")]
        return told[-1] if told else f"see {self.log}"


def _end_with_parent() -> None:
    """Has Linux end the node when the region is killed, which then cannot stop it: it would hold ports and folder."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _event(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
