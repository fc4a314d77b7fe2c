"""Imports of a library without what it loads only because it is there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Within the block, optional packages cannot be imported, unless something has loaded them already.

    Args:
        names: Packages that the library imported within takes where it finds them, and does well without.
    """
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type] # None: not to be had
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
