"""The node's append-only log as a Merkle tree in the shape of RFC 6962: a leaf for what was sent, received and opened.

Only the right edge is kept: the roots of the complete subtrees, largest first, so that appending costs O(log n).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bp_verify.merkle import fold, join


@dataclass(frozen=True)
class Edge:
    """A tree's right edge.

    Attributes:
        size: How many leaves the tree has.
        roots: Roots of its complete subtrees, largest first; one a bit set in `size`.
    """

    size: int = 0
    roots: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> Edge:
        """Returns the edge with one more leaf, given by its hash."""
        completed = self.completed(leaf)
        untouched = len(self.roots) - len(completed) + 1
        return Edge(self.size + 1, (*self.roots[:untouched], completed[-1]))

    def completed(self, leaf: bytes) -> list[bytes]:
        """Returns the roots of all subtrees that one more leaf completes, that of two leaves at 1, of four at 2 and so on."""
        found, size = [leaf], self.size
        for left in reversed(self.roots):
            if not size & 1:
                break
            found.append(join(left, found[-1]))
            size >>= 1
        return found

    def root(self) -> bytes:
        """Returns the tree's root."""
        return fold(self.roots)


def path_of(position: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Returns what proves that a leaf stands at its position, its neighbour first, by the definition (RFC 6962, 2.1.1)."""
    if len(leaves) <= 1:
        return []
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if position < split:
        return [*path_of(position, leaves[:split]), root_of(leaves[split:])]
    return [*path_of(position - split, leaves[split:]), root_of(leaves[:split])]


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Returns the root over leaf hashes, by the definition (RFC 6962, 2.1)."""
    if not leaves:
        return fold(())
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return join(root_of(leaves[:split]), root_of(leaves[split:]))
