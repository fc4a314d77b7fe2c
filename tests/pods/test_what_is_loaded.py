"""What a service loads before anybody has called it: nothing that only some nodes, or some days, need. Memory of a small machine."""

from __future__ import annotations

import subprocess
import sys

import pytest

# For whom it is only with some calls, or with PostgreSQL; each costs 4 to 14 MiB in a process.
SELDOM = ("rich", "alembic", "openpyxl", "stix2", "webauthn", "httpx2", "obstore", "sqlalchemy.dialects.postgresql")
ASKED = """
import importlib, sys
import bp_kit.alone.command, bp_kit.alone.process
importlib.import_module(sys.argv[1])
print(*sorted(set(sys.argv[2:]) & sys.modules.keys()))
"""


def _loaded(module: str, *names: str) -> list[str]:
    asked = [sys.executable, "-c", ASKED, module, *names]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split()


@pytest.mark.parametrize("service", ["exchange", "identity", "cooperation"])
def test_a_service_loads_what_it_needs_each_day(service: str) -> None:
    assert _loaded(f"bp_{service}.app", *SELDOM) == []


def test_the_gateway_has_no_database() -> None:
    assert _loaded("bp_gateway.alone", *SELDOM, "sqlalchemy") == []
