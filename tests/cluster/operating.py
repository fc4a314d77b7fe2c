"""`bluepacific cluster`, as an operator runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


def ran(*arguments: str, where: str = "fji") -> subprocess.CompletedProcess[str]:
    """Runs the command."""
    command = [sys.executable, "-m", "bp_node", "cluster", *arguments, "--namespace", where, "--json"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def cluster(*arguments: str, where: str = "fji") -> Any:
    """Runs the command and returns its answer; fails with what it said."""
    done = ran(*arguments, where=where)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def refused(*arguments: str, where: str = "fji") -> str:
    """Runs the command, which must refuse, and returns its one line."""
    done = ran(*arguments, where=where)
    assert done.returncode, done.stdout
    (line,) = done.stderr.strip().splitlines()
    return line.removeprefix("bluepacific: ")
