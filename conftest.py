"""Fixtures for every test of the workspace, and which tests share a worker when several run."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

pytest_plugins = ["bp_kit.testing.plugin"]

_MEMORY = Path("/dev/shm")  # noqa: S108 - names in it are made by tempfile
_ENOUGH = 4 << 30
_REGION = "tests/region/"


def pytest_configure() -> None:
    """Keeps the tests' databases and files in memory where there is room, as syncing them takes a quarter of the run.

    What a disk forgets when the power fails is the business of `tests/faults`, which stands between the node and what it syncs.
    """
    if "TMPDIR" not in os.environ and _MEMORY.is_mount() and shutil.disk_usage(_MEMORY).free >= _ENOUGH:
        os.environ["TMPDIR"] = str(_MEMORY)
        tempfile.tempdir = None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest work begins first, or one worker would be left with it in the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(_REGION))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Tests of a file share a worker, and so its fixtures; those of the region share the region.

    xdist's own groups are forgotten by pytest 9.2: https://github.com/pytest-dev/pytest-xdist/issues/1386
    """
    return _ByFile(config, log)


class _ByFile(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return _REGION if nodeid.startswith(_REGION) else nodeid.split("::", 1)[0]
