"""What every service keeps can be carried to its other place, and what the command refuses at once."""

from __future__ import annotations

from importlib import import_module

import pytest
from sqlalchemy import JSON, Boolean, Float, Integer, LargeBinary, String, TypeDecorator
from typer.testing import CliRunner

from bp_kit.moving.rows import CarriedTable
from bp_kit.tables import UtcTime
from bp_node.cli import app
from bp_node.failure import CommandError
from bp_node.services import NAMES

# Text is a String, BigInteger an Integer.
_CARRIED = (String, Integer, Boolean, Float, LargeBinary, JSON, UtcTime)
_IN_KEYS = (String, Integer, LargeBinary)


@pytest.mark.parametrize("service", NAMES)
def test_rows_of_every_table_can_be_carried_in_the_order_of_their_keys(service: str) -> None:
    tables = import_module(f"bp_{service}.adapters.tables").Base.metadata.sorted_tables
    assert {"outbox", "inbox", "idempotency", "audit"} <= {table.name for table in tables}
    for table in tables:
        assert table.primary_key.columns, table
        for dialect in ("sqlite", "postgresql"):
            CarriedTable(table, dialect)
        for column in table.columns:
            kind = column.type
            plain = kind.impl_instance if isinstance(kind, TypeDecorator) and not isinstance(kind, UtcTime) else kind
            assert isinstance(plain, _IN_KEYS if column.primary_key else _CARRIED), f"{table}.{column.name}: {kind!r}"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["gateway", "--to", "local"], "there is no service gateway"),
        (["training", "--to", "local"], "where training runs"),
    ],
    ids=["no-service", "not-there"],
)
def test_it_is_refused_in_a_line_where_it_cannot_run(
    asked: list[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BP_POD__NODE_ID", raising=False)
    result = CliRunner().invoke(app, ["node", "move", *asked])
    assert isinstance(result.exception, CommandError)
    assert told in result.exception.text
