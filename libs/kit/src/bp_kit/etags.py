"""Etags by AIP-154: a quoted hash of what identifies a version."""

from __future__ import annotations

import hashlib

from bp_kit.errors import Refused


def etag_of(*parts: object) -> str:
    """Returns the etag, quotes included, of a version named by its parts: `etag_of(row.id, row.version)`."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()
    return f'"{digest[:16]}"'


def check_etag(given: str, current: str) -> None:
    """Refuses a change that was made against another version; an empty etag asks for no check.

    Raises:
        Refused: ETAG_MISMATCH.
    """
    if given and given != current:
        raise Refused("ETAG_MISMATCH")
