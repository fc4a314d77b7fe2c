"""Puts the charts together in build/charts/node: each service's chart with the library, all of them in `node`. `helm install` takes it.

Like `helm dependency update` in eight folders in the right order, without Helm.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SERVICES = ("exchange", "identity", "notifications", "cooperation", "catalogue", "training", "gateway")
_LIBRARY = "bluepacific-library"


def build(target: Path) -> Path:
    """Makes `target/node` anew and returns it."""
    node = target / "node"
    shutil.rmtree(node, ignore_errors=True)
    shutil.copytree(ROOT / "charts/node", node)
    for service in SERVICES:
        part = node / "charts" / service
        shutil.copytree(ROOT / "charts" / service, part)
        shutil.copytree(ROOT / "charts/library", part / "charts" / _LIBRARY)
    shutil.copytree(ROOT / "charts/library", node / "charts" / _LIBRARY)
    return node


if __name__ == "__main__":
    print(build(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build/charts"))
