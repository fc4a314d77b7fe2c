import json
import logging

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import format_span_id, format_trace_id

from bp_kit import logs, spans
from bp_kit.telemetry import context_of


def record(store, name, traceparent=""):
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(store))
    with provider.get_tracer("bp_shelf").start_as_current_span(name, context=context_of(traceparent)) as span:
        span.set_attribute("rpc.method", "GetBook")
    return span.get_span_context()


def test_a_trace_goes_on_from_one_nodes_store_to_anothers(tmp_path):
    here, there = (spans.SpanStore(tmp_path / node, node) for node in ("fji", "ton"))
    first = record(here, "click")
    trace_id = format_trace_id(first.trace_id)
    record(there, "mail", f"00-{trace_id}-{format_span_id(first.span_id)}-01")
    record(there, "another", "not a traceparent")
    (click,) = spans.read_trace(tmp_path / "fji", trace_id)
    (mail,) = spans.read_trace(tmp_path / "ton", trace_id)
    assert (click.node, click.scope, click.parent_id) == ("fji", "bp_shelf", "")
    assert click.attributes == {"rpc.method": "GetBook"}
    assert (mail.node, mail.parent_id) == ("ton", click.span_id)
    here.shutdown()
    there.shutdown()


def test_the_store_keeps_the_newest(tmp_path, monkeypatch):
    monkeypatch.setattr(spans, "_KEEP_SPANS", 3)
    store = spans.SpanStore(tmp_path / "spans", "fji")
    kept = [record(store, f"span {number}") for number in range(5)]
    found = [len(spans.read_trace(tmp_path / "spans", format_trace_id(one.trace_id))) for one in kept]
    assert found == [0, 0, 1, 1, 1]
    store.shutdown()


def test_log_lines_name_no_person(capsys):
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    try:
        logs.configure(node="fji")
        log = logs.get_logger("bp_shelf")
        log.warning("mail.failed", email="mele@police.to.example", name="Mele Fonua", code=451)
        with pytest.raises(ValueError, match="canary") as caught:
            int("canary of a person")
        log.error("rpc.failed", **logs.described(caught.value))
        lines = capsys.readouterr().err
    finally:
        root.handlers, root.level = handlers, level
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()
    first, second = (json.loads(line) for line in lines.splitlines())
    assert (first["event"], first["code"]) == ("mail.failed", 451)
    assert first["email"] == first["name"] == "[redacted]"
    assert second["error"] == "ValueError"
    assert second["where"][-1].startswith("test_telemetry.py:")
    assert "canary" not in lines
    assert "mele" not in lines.lower()
