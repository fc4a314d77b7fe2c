"""Fixtures for every test of the workspace, and which tests share a worker when several run."""

from __future__ import annotations

import pytest

pytest_plugins = ["bp_kit.testing.plugin"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a file share a worker, and so its fixtures; those of the region share the region."""
    for item in items:
        parts = item.path.relative_to(item.config.rootpath).parts
        shared = "region" if parts[:2] == ("tests", "region") else "/".join(parts)
        item.add_marker(pytest.mark.xdist_group(shared))
