"""How many are served at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bp_kit.errors import Refused


class Places:
    """So many at once, no more.

    Args:
        limit: How many.
    """

    def __init__(self, limit: int) -> None:
        self._free = limit

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Takes a place within the block.

        Raises:
            Refused: OVERLOADED.
        """
        if not self._free:
            raise Refused("OVERLOADED")
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1
