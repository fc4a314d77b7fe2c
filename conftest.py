"""Fixtures for every test of the workspace, and which tests share a worker when several run."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

pytest_plugins = ["bp_kit.testing.plugin"]

_MEMORY = Path("/dev/shm")  # noqa: S108 - names in it are made by tempfile
_ENOUGH = 4 << 30


def pytest_configure() -> None:
    """Keeps the tests' databases and files in memory where there is room, as syncing them takes a quarter of the run.

    What a disk forgets when the power fails is the business of `tests/faults`, which stands between the node and what it syncs.
    """
    if "TMPDIR" not in os.environ and _MEMORY.is_mount() and shutil.disk_usage(_MEMORY).free >= _ENOUGH:
        os.environ["TMPDIR"] = str(_MEMORY)
        tempfile.tempdir = None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a file share a worker, and so its fixtures; those of the region share the region."""
    for item in items:
        parts = item.path.relative_to(item.config.rootpath).parts
        shared = "region" if parts[:2] == ("tests", "region") else "/".join(parts)
        item.add_marker(pytest.mark.xdist_group(shared))
