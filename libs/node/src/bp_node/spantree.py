"""A trace as a tree, put together from the span stores of several nodes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bp_kit.spans import StoredSpan, read_trace
from bp_node.failure import CommandError

SPANS_FILE = "spans.sqlite"
_NANOS_A_MILLI = 1_000_000


@dataclass
class Branch:
    """A span with those it caused, oldest first."""

    span: StoredSpan
    branches: list[Branch] = field(default_factory=list)

    @property
    def millis(self) -> float:
        """How long the span took."""
        return (self.span.end_ns - self.span.start_ns) / _NANOS_A_MILLI

    def walk(self) -> Iterator[Branch]:
        """Yields this branch and all below it."""
        yield self
        for branch in self.branches:
            yield from branch.walk()


def stores_under(folders: Iterable[Path]) -> list[Path]:
    """Returns the span stores of the node folders given, and of those one level below (a region's state folder).

    Raises:
        CommandError: There are none.
    """
    listed = list(folders)
    found = [file for folder in listed for file in (folder / SPANS_FILE, *sorted(folder.glob(f"*/{SPANS_FILE}")))]
    stores = [file for file in found if file.is_file()]
    if not stores:
        raise CommandError(f"no node has kept spans under {', '.join(str(folder) for folder in listed)}")
    return stores


def grow(stores: Iterable[Path], trace_id: str) -> list[Branch]:
    """Returns the roots of a trace, oldest first. A span whose cause no store has is a root.

    Args:
        stores: Span stores of nodes.
        trace_id: 32 hexadecimal digits.

    Raises:
        CommandError: A store cannot be read.
    """
    spans: list[StoredSpan] = []
    for store in stores:
        try:
            spans += read_trace(store, trace_id)
        except sqlite3.Error as error:
            raise CommandError(f"cannot read {store}: {error}") from error
    # Clocks of nodes differ: only siblings are put in order of time, never parents and children.
    branches = {span.span_id: Branch(span) for span in sorted(spans, key=lambda one: one.start_ns)}
    roots: list[Branch] = []
    for branch in branches.values():
        parent = branches.get(branch.span.parent_id)
        (parent.branches if parent and parent is not branch else roots).append(branch)
    return roots


def nodes_of(roots: Iterable[Branch]) -> list[str]:
    """Returns the nodes that took part, in the order in which the tree meets them."""
    return list(dict.fromkeys(branch.span.node for root in roots for branch in root.walk()))


def document_of(branch: Branch) -> dict[str, object]:
    """Returns a branch as JSON has it; times in milliseconds."""
    span = branch.span
    return {
        "node": span.node,
        "service": span.scope.removeprefix("bp_"),
        "name": span.name,
        "kind": span.kind,
        "spanId": span.span_id,
        "startNanos": span.start_ns,
        "millis": round(branch.millis, 3),
        "status": span.status,
        "attributes": span.attributes,
        "spans": [document_of(one) for one in branch.branches],
    }
