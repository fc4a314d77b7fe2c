"""What a list call asks for, and one page of the answer. Pure: use cases and repositories speak in these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bp_kit.call import current_call

Item = TypeVar("Item")


@dataclass(frozen=True)
class Listing:
    """What a list call asks for (AIP-132, AIP-158).

    Attributes:
        parent: The name the list is under; empty where the list has none.
        size: `page_size` as sent.
        token: `page_token` as sent.
        filter: AIP-160, as sent.
        caller: Who asks; a page token works for the same caller only.
    """

    parent: str
    size: int
    token: str
    filter: str
    caller: str


@dataclass(frozen=True)
class Listed(Generic[Item]):
    """One page of a list, and the token of the next one, empty at the end."""

    items: list[Item]
    next_token: str


def listing_of(request: Any) -> Listing:
    """Returns what the current call's list request asks for; requests may lack parent and filter."""
    return Listing(
        parent=getattr(request, "parent", ""),
        size=request.page_size,
        token=request.page_token,
        filter=getattr(request, "filter", ""),
        caller=current_call().principal.name,
    )
