"""Merkle trees in the shape of RFC 6962: their hashes, and the checks of inclusion and consistency (RFC 9162, 2.1.3.2 and 2.1.4.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

_LEAF, _NODE = b"\x00", b"\x01"


def leaf_hash(entry: bytes) -> bytes:
    """Returns the hash of a leaf."""
    return hashlib.sha256(_LEAF + entry).digest()


def join(left: bytes, right: bytes) -> bytes:
    """Returns the hash over two subtrees."""
    return hashlib.sha256(_NODE + left + right).digest()


def fold(roots: Sequence[bytes]) -> bytes:
    """Returns the root over complete subtrees that lie side by side, largest first; without any, that of an empty tree."""
    if not roots:
        return hashlib.sha256(b"").digest()
    folded = roots[-1]
    for left in reversed(roots[:-1]):
        folded = join(left, folded)
    return folded


def includes(root: bytes, size: int, position: int, leaf: bytes, path: Sequence[bytes]) -> bool:
    """Tells whether a leaf stands in a tree.

    Args:
        root: Of the tree.
        size: How many leaves it has.
        position: The leaf's, from 0.
        leaf: The leaf's hash.
        path: The proof, the leaf's neighbour first.
    """
    return root_by(size, position, leaf, path) == root


def root_by(size: int, position: int, leaf: bytes, path: Sequence[bytes]) -> bytes | None:
    """Returns the root to which a leaf's path leads in a tree of that size; None where it leads nowhere."""
    if not 0 <= position < size:
        return None
    at, last, found = position, size - 1, leaf
    for step in path:
        if not last:
            return None
        if at & 1 or at == last:
            found = join(step, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = join(found, step)
        at, last = at >> 1, last >> 1
    return None if last else found


def extends(first: bytes, first_size: int, second: bytes, second_size: int, path: Sequence[bytes]) -> bool:
    """Tells whether a tree is an earlier one with leaves added at its end, and nothing else.

    Args:
        first: Root of the earlier tree.
        first_size: Its leaves.
        second: Root of the later tree.
        second_size: Its leaves.
        path: The proof.
    """
    if not 0 <= first_size <= second_size:
        return False
    if first_size in (0, second_size):
        return not path and first == (second if first_size else fold(()))
    steps = list(path) if first_size & (first_size - 1) else [first, *path]
    at, last = first_size - 1, second_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    return bool(steps) and _climb(steps, at, last) == (first, second)


def _climb(steps: Sequence[bytes], at: int, last: int) -> tuple[bytes, bytes] | None:
    """Returns the roots of the earlier and of the later tree that a proof leads to."""
    earlier = later = steps[0]
    for step in steps[1:]:
        if not last:
            return None
        if at & 1 or at == last:
            earlier, later = join(step, earlier), join(step, later)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            later = join(later, step)
        at, last = at >> 1, last >> 1
    return None if last else (earlier, later)
