"""The rows of the table: each measurement by itself, kept as soon as it is done, so that an interrupted run goes on where it was."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class Book:
    """What was measured so far.

    Args:
        file: Where it is kept; read first unless it is to be begun anew.
    """

    def __init__(self, file: Path, *, anew: bool) -> None:
        self._file = file
        self._kept: dict[str, list[Row]] = json.loads(file.read_text()) if file.exists() and not anew else {}

    async def measure(self, name: str, measure: Callable[[], Awaitable[list[Row]]]) -> None:
        """Measures, unless that was done before."""
        if name in self._kept:
            print(f"{name}: kept from before", file=sys.stderr, flush=True)
            return
        print(f"{name} ...", file=sys.stderr, flush=True)
        begun = time.monotonic()
        rows = await measure()
        self._kept[name] = rows
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(self._kept, indent=1))
        print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
        for row in rows:
            print(f"  {row['name']}: {row['median']:.4g} {row['unit']}", file=sys.stderr, flush=True)

    def rows(self, order: list[str]) -> list[Row]:
        """Returns the rows of those measurements that were done."""
        return [row for name in order for row in self._kept.get(name, [])]


def one(name: str, unit: str, *figures: float) -> Row:
    """Returns a row of figures."""
    ranked = sorted(float(figure) for figure in figures)
    return {
        "name": name,
        "unit": unit,
        "min": ranked[0],
        "median": ranked[len(ranked) // 2],
        "max": ranked[-1],
    }
