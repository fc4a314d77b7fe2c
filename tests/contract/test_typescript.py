"""A TypeScript client is generated from the node's own OpenAPI document, compiled strictly, and used against the node."""

from __future__ import annotations

import shutil
import subprocess
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent / "typescript"
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "contract-typescript"
SECONDS = 240


def run(*command: object) -> str:
    """Runs a command in the cache and returns what it wrote."""
    done = subprocess.run(
        [str(part) for part in command], cwd=CACHE, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, f"{command[0]} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def install() -> None:
    """Installs what the lock file says, once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    locked = (HERE / "package-lock.json").read_text()
    done = CACHE / "installed.json"
    if done.exists() and done.read_text() == locked:
        return
    npm = shutil.which("npm")
    assert npm, "npm is not here: install Node.js 20 or newer"
    for name in (".npmrc", "package.json", "package-lock.json"):
        shutil.copy(HERE / name, CACHE / name)
    run(npm, "ci", "--ignore-scripts")
    done.write_text(locked)


def test_a_generated_client_compiles_and_works(node):
    install()
    with urllib.request.urlopen(f"{node.url}/openapi.json", timeout=30) as response:
        (CACHE / "openapi.json").write_bytes(response.read())
    for name in ("use.ts", "tsconfig.json"):
        shutil.copy(HERE / name, CACHE / name)
    run("node_modules/.bin/openapi-typescript", "openapi.json", "-o", "api.d.ts")
    run("node_modules/.bin/tsc", "--project", "tsconfig.json")
    said = run("node", "out/use.js", node.url, "everything", node.passwords["everything"])
    assert "calls by countries/WSM/officers/everything" in said


def test_the_lock_file_names_no_registry():
    locked = (HERE / "package-lock.json").read_text()
    assert '"resolved"' not in locked
    assert '"integrity"' in locked
