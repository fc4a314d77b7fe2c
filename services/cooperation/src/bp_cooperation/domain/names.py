"""Resource names: taken apart and put together in one place."""

from __future__ import annotations


def request_of(name: str) -> str:
    """Returns the request that a reply or an attachment is named under; a request's own name."""
    return "/".join(name.split("/")[:4])


def is_reply(record: str) -> bool:
    """Tells a reply's name from a request's."""
    return "/replies/" in record
