"""What a person or a script reads: rich output, or JSON on standard output and nothing else there."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console

# Where nobody watches, lines need not fit a window.
_WIDE = 160
errors = Console(stderr=True, highlight=False, emoji=False, width=None if sys.stderr.isatty() else _WIDE)
out = Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else _WIDE)


def say_json(document: Any) -> None:
    """Writes one line of JSON."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """Writes a line for a person, at once, whether or not somebody watches."""
    out.print(text, soft_wrap=True)
    out.file.flush()


@contextmanager
def working(text: str, *, quiet: bool = False) -> Iterator[None]:
    """Shows that something takes its time; on a terminal a spinner, elsewhere one line.

    Args:
        text: What is being done.
        quiet: Show nothing, as `--json` wants.
    """
    if quiet:
        yield
    elif errors.is_terminal:
        with errors.status(text):
            yield
    else:
        errors.print(text)
        yield
