from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@dataclass
class Ran:
    code: int
    out: str
    err: str

    @property
    def one_line(self) -> bool:
        """It failed with one clear line and no stack trace."""
        return self.code == 1 and self.err.startswith("bluepacific: ") and self.err.count("\n") == 1


@pytest.fixture
def bluepacific():
    """Runs the command as a person does, in a process of its own."""

    async def run(*arguments: object, given: str = "") -> Ran:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bp_node",
            *(str(argument) for argument in arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate(given.encode())
        return Ran(process.returncode or 0, out.decode(), err.decode())

    return run
