"""The local span store: one SQLite file a node, so that `bluepacific trace` works without a collector."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import orjson
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import format_span_id, format_trace_id

_KEEP_SPANS = 200_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS spans (
    position INTEGER PRIMARY KEY, trace_id TEXT NOT NULL, span_id TEXT NOT NULL, parent_id TEXT NOT NULL,
    node TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
    start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL, status TEXT NOT NULL, attributes TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS spans_by_trace ON spans (trace_id);
"""


@dataclass(frozen=True)
class StoredSpan:
    """One span as the store keeps it; times in nanoseconds since the epoch, ids in hexadecimal."""

    trace_id: str
    span_id: str
    parent_id: str
    node: str
    scope: str
    name: str
    kind: str
    start_ns: int
    end_ns: int
    status: str
    attributes: dict[str, str | int]


class SpanStore(SpanExporter):
    """Writes finished spans to the file; keeps the newest `_KEEP_SPANS`.

    Args:
        file: The SQLite file; made when missing.
        node: The node's id.
    """

    def __init__(self, file: Path, node: str) -> None:
        self._node = node
        self._database = sqlite3.connect(file, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.executescript(_SCHEMA)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Stores a batch; a full disk loses spans, never calls."""
        try:
            with self._database:
                self._database.executemany(
                    "INSERT INTO spans VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    [self._row(span) for span in spans],
                )
                self._database.execute(
                    "DELETE FROM spans WHERE position <= (SELECT MAX(position) FROM spans) - ?", (_KEEP_SPANS,)
                )
        except sqlite3.Error:
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Closes the file."""
        self._database.close()

    def _row(self, span: ReadableSpan) -> tuple[object, ...]:
        context = span.get_span_context()
        scope = span.instrumentation_scope
        return (
            format_trace_id(context.trace_id) if context else "",
            format_span_id(context.span_id) if context else "",
            format_span_id(span.parent.span_id) if span.parent else "",
            self._node,
            scope.name if scope else "",
            span.name,
            span.kind.name,
            span.start_time or 0,
            span.end_time or 0,
            span.status.status_code.name,
            orjson.dumps(dict(span.attributes or {})).decode(),
        )


def read_trace(file: Path, trace_id: str) -> list[StoredSpan]:
    """Returns the spans of a trace that one node's store has, oldest first."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        rows = database.execute(
            "SELECT trace_id, span_id, parent_id, node, scope, name, kind, start_ns, end_ns, status, attributes"
            " FROM spans WHERE trace_id = ? ORDER BY start_ns",
            (trace_id,),
        ).fetchall()
    return [StoredSpan(*[*row[:-1], orjson.loads(row[-1])]) for row in rows]
