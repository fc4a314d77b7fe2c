"""Builds the shims, once a process, with the system's C compiler."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

CLOCK = ("LD_PRELOAD", "BP_CLOCK_AHEAD")
SOURCE = Path(__file__).with_name("shims.c")


def can_build() -> bool:
    """Tells whether there is a compiler. CI must have one, so it is told that there is."""
    return bool(os.environ.get("CI")) or shutil.which("gcc") is not None


@lru_cache(maxsize=1)
def library() -> Path:
    """Returns the built library.

    Raises:
        RuntimeError: There is no compiler, or it does not like the source.
    """
    folder = Path(tempfile.mkdtemp(prefix="bp-shims-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = folder / "shims.so"
    command = [
        "gcc",
        "-shared",
        "-fPIC",
        "-O2",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-o",
        str(made),
        str(SOURCE),
        "-ldl",
        "-lpthread",
    ]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise RuntimeError("the shims need gcc: apt-get install gcc libc6-dev") from None
    except subprocess.CalledProcessError as error:
        raise RuntimeError(error.stderr) from error
    return made


def clock_ahead(seconds: float) -> dict[str, str]:
    """Returns the environment of a process whose wall clock is wrong by that much."""
    return {"LD_PRELOAD": str(library()), "BP_CLOCK_AHEAD": str(int(seconds))}


def journalled(root: Path, journal: Path) -> dict[str, str]:
    """Returns the environment of a process whose changes under a folder are kept in a journal, and synced only there."""
    return {"LD_PRELOAD": str(library()), "BP_POWER_ROOT": str(root), "BP_POWER_JOURNAL": str(journal)}
