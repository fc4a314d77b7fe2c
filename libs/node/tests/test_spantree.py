from __future__ import annotations

import io
import json
import sqlite3

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import format_trace_id
from rich.console import Console

from bp_kit.spans import SpanStore
from bp_kit.telemetry import context_of
from bp_node import spantree
from bp_node.failure import CommandError
from bp_node.looking import tree_of


def node(folder, name):
    """A node's tracing, as `node up` sets it up, but written at once."""
    folder = folder / name
    folder.mkdir()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(SpanStore(folder / spantree.SPANS_FILE, name)))
    return provider


@pytest.fixture
def trace(tmp_path):
    """Suva's click: gateway and cooperation in Fiji, the relay in Apia, the e-mail in Tonga."""
    fji, ptccc, ton = (node(tmp_path, name) for name in ("fji", "ptccc", "ton"))
    with fji.get_tracer("bp_gateway").start_as_current_span("POST /v1/requests") as click:
        with fji.get_tracer("bp_cooperation").start_as_current_span("bluepacific.cooperation.v1/Create") as cause:
            context = cause.get_span_context()
            parent = f"00-{context.trace_id:032x}-{context.span_id:016x}-01"
        trace_id = format_trace_id(click.get_span_context().trace_id)
    with ptccc.get_tracer("bp_exchange").start_as_current_span("relay", context=context_of(parent)):
        pass
    with ton.get_tracer("bp_notifications").start_as_current_span("mail.send", context=context_of(parent)):
        pass
    for provider in (fji, ptccc, ton):
        provider.shutdown()
    return trace_id


def test_one_tree_over_all_nodes(tmp_path, trace):
    roots = spantree.grow(spantree.stores_under([tmp_path]), trace)
    assert len(roots) == 1
    assert roots[0].span.name == "POST /v1/requests"
    assert [branch.span.node for branch in roots[0].branches[0].branches] == ["ptccc", "ton"]
    assert spantree.nodes_of(roots) == ["fji", "ptccc", "ton"]


def test_drawn_with_node_service_and_duration(tmp_path, trace):
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(tree_of(trace, spantree.grow(spantree.stores_under([tmp_path]), trace)))
    lines = console.export_text().splitlines()
    assert "on fji, ptccc, ton" in lines[0]
    assert "ton notifications " in lines[-1]
    assert lines[-1].rstrip().endswith("mail.send")
    assert " ms" in lines[-1]


def test_a_span_whose_cause_is_kept_elsewhere_is_a_root(tmp_path, trace):
    roots = spantree.grow([tmp_path / "ton" / spantree.SPANS_FILE], trace)
    assert [root.span.name for root in roots] == ["mail.send"]


async def test_the_command_writes_json(bluepacific, tmp_path, trace):
    ran = await bluepacific("trace", trace, "--dir", tmp_path, "--json")
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    assert document["nodes"] == ["fji", "ptccc", "ton"]
    assert document["spans"][0]["spans"][0]["service"] == "cooperation"


@pytest.mark.parametrize(("trace_id", "says"), [("xyz", "is no trace id"), ("0" * 32, "no node here has spans")])
async def test_what_is_no_trace_is_told(bluepacific, tmp_path, trace, trace_id, says):
    ran = await bluepacific("trace", trace_id, "--dir", tmp_path)
    assert ran.one_line, ran.err
    assert says in ran.err


async def test_no_nodes_are_told(bluepacific, tmp_path):
    ran = await bluepacific("trace", "0" * 32, "--dir", tmp_path)
    assert ran.one_line, ran.err


def test_a_broken_store_is_told(tmp_path):
    file = tmp_path / spantree.SPANS_FILE
    file.write_bytes(b"this is no database" * 100)
    with pytest.raises(CommandError, match="cannot read"):
        spantree.grow([file], "0" * 32)
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(file).execute("SELECT 1 FROM spans")
