"""Programs of Node.js that tests need: installed once, exactly as their lock file says."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

_CACHE = Path(__file__).resolve().parents[1] / ".cache"
_SECONDS = 240


def install(project: Path, name: str) -> Path:
    """Installs what a project's lock file says, once, and returns the folder with its files and `node_modules`.

    Args:
        project: Folder with `package.json`, `package-lock.json` and `.npmrc`; its other files are copied anew each time.
        name: Of the folder in the cache.
    """
    cache = _CACHE / name
    cache.mkdir(parents=True, exist_ok=True)
    # Tests of two processes may need the same one, and npm installs into a folder alone.
    with (_CACHE / "npm.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        for file in project.iterdir():
            shutil.copy(file, cache / file.name)
        locked = (project / "package-lock.json").read_text()
        done = cache / "installed.json"
        if not done.exists() or done.read_text() != locked:
            npm = shutil.which("npm")
            assert npm, "npm is not here: install Node.js 18 or newer"
            run(cache, npm, "ci", "--ignore-scripts")
            done.write_text(locked)
    return cache


def run(folder: Path, *command: object) -> str:
    """Runs a command there and returns what it wrote."""
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    assert done.returncode == 0, f"{command[0]} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout
