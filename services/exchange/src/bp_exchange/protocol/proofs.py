"""Which hashes prove that a leaf stands in a log, or that a log only grew (RFC 6962, 2.1.1 and 2.1.2).

A plan names, for each hash of the proof, the complete subtrees that it is over. So nothing of the tree need be in memory, and whoever
keeps the roots of some complete subtrees reads few leaves: the proof of one of a million is made of at most forty such roots.
"""

from __future__ import annotations

from dataclasses import dataclass

# The roots of each 8th level are kept: 256 leaves, 65536 and so on. All others are made of at most 255 of those below, or of leaves.
KEPT_LEVELS = 8


@dataclass(frozen=True)
class Subtree:
    """A complete subtree.

    Attributes:
        level: It has 2^level leaves.
        index: How many of its size lie to its left.
    """

    level: int
    index: int


Plan = list[list[Subtree]]


def plan_inclusion(position: int, size: int) -> Plan:
    """Returns what proves that a leaf stands at a position, from 0, in a log of that size; the leaf's neighbour first.

    Raises:
        ValueError: The log has no such leaf.
    """
    if not 0 <= position < size:
        raise ValueError("there is no such leaf")
    return _path(position, 0, size)


def plan_root(size: int) -> Plan:
    """Returns what the root of the log's first `size` leaves is over.

    Raises:
        ValueError: There are none.
    """
    if size <= 0:
        raise ValueError("there is no such log")
    return [_cover(0, size)]


def plan_consistency(first: int, second: int) -> Plan:
    """Returns what proves that a log of the second size is one of the first size with leaves added.

    Raises:
        ValueError: The first size is none, or is the greater one.
    """
    if not 0 < first <= second:
        raise ValueError("there is no such log")
    return _growth(first, 0, second, is_known=True)


def _path(position: int, begin: int, end: int) -> Plan:
    if end - begin == 1:
        return []
    split = _split(begin, end)
    if position < split:
        return [*_path(position, begin, split), _cover(split, end)]
    return [*_path(position, split, end), _cover(begin, split)]


def _growth(first: int, begin: int, end: int, *, is_known: bool) -> Plan:
    if first == end:
        return [] if is_known else [_cover(begin, end)]
    split = _split(begin, end)
    if first <= split:
        return [*_growth(first, begin, split, is_known=is_known), _cover(split, end)]
    return [*_growth(first, split, end, is_known=False), _cover(begin, split)]


def _split(begin: int, end: int) -> int:
    """Returns where RFC 6962 splits: after the largest power of two of leaves that is less than all."""
    return begin + (1 << ((end - begin - 1).bit_length() - 1))


def _cover(begin: int, end: int) -> list[Subtree]:
    """Returns the complete subtrees over a range, largest first; its beginning is a multiple of the largest."""
    found = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        found.append(Subtree(level, begin >> level))
        begin += 1 << level
    return found
