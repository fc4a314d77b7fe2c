"""What list requests ask for."""

from __future__ import annotations

from typing import Any

from bp_catalogue.usecases.work import Listing
from bp_kit.call import current_call


def listing_of(request: Any) -> Listing:
    """Returns what a list request asks for; requests may lack parent and filter."""
    return Listing(
        parent=getattr(request, "parent", ""),
        size=request.page_size,
        token=request.page_token,
        filter=getattr(request, "filter", ""),
        caller=current_call().principal.name,
    )
