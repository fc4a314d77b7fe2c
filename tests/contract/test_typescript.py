"""A TypeScript client is generated from the node's own OpenAPI document, compiled strictly, and used against the node."""

from __future__ import annotations

import urllib.request
from pathlib import Path

from tests.npm import install, run

HERE = Path(__file__).parent / "typescript"


def test_a_generated_client_compiles_and_works(node):
    folder = install(HERE, "contract-typescript")
    with urllib.request.urlopen(f"{node.url}/openapi.json", timeout=30) as response:
        (folder / "openapi.json").write_bytes(response.read())
    run(folder, "node_modules/.bin/openapi-typescript", "openapi.json", "-o", "api.d.ts")
    run(folder, "node_modules/.bin/tsc", "--project", "tsconfig.json")
    said = run(folder, "node", "out/use.js", node.url, "everything", node.passwords["everything"])
    assert "calls by countries/WSM/officers/everything" in said


def test_the_lock_file_names_no_registry():
    locked = (HERE / "package-lock.json").read_text()
    assert '"resolved"' not in locked
    assert '"integrity"' in locked
