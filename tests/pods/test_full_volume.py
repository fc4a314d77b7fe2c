"""A service whose volume is full does not start: one line says why, and what was in its database stays as it was."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a disk that is small")
_SMALL_KIB = 512


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, small, and as good as full."""
    place = tmp_path / "volume"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={_SMALL_KIB}k", "none", str(place)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("no disk of its own can be mounted here")
    (place / "filler").write_bytes(bytes((_SMALL_KIB - 48) * 1024))
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


async def _migrate(database: Path) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bp_catalogue", "migrate"),
        env={**os.environ, "BP_CATALOGUE__DATABASE_URL": f"sqlite+aiosqlite:///{database}"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_a_full_volume_is_told_in_one_line_and_with_room_all_goes_on(volume: Path) -> None:
    database = volume / "catalogue.sqlite"
    code, _, said = await _migrate(database)
    (line,) = said.splitlines()
    assert code == 1
    assert line == (
        "bp_catalogue: BP_CATALOGUE__DATABASE_URL: cannot be migrated (OperationalError: database or disk is full)"
    )
    (volume / "filler").unlink()
    code, told, said = await _migrate(database)
    assert code == 0, said
    assert "brought from nothing to" in told
