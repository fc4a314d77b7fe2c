"""What use cases about operations need: a repository within one transaction; a part of `Work`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bp_cooperation.domain.operation import Member, Operation
from bp_kit.listing import Listed

if TYPE_CHECKING:
    from bp_cooperation.usecases.asking import Caller, Listing


class Operations(Protocol):
    """Operations that units here lead, and those in which officers of the countries served here take part."""

    async def find(self, name: str, *, for_change: bool = False) -> Operation | None:
        """Returns the operation, whoever asks, locked when it is to be changed."""
        ...

    async def find_seen(
        self, name: str, caller: Caller, now: datetime, *, for_change: bool = False
    ) -> Operation | None:
        """Returns the operation where the caller takes part or heads the unit that leads it."""
        ...

    async def page(self, listing: Listing, now: datetime) -> Listed[Operation]:
        """Returns a page of the operations that the caller sees, newest first."""
        ...

    async def save(self, operation: Operation) -> None:
        """Keeps an operation."""
        ...

    async def members(self, operation: str) -> list[Member]:
        """Returns all who take part, or did until their time ended, oldest first."""
        ...

    async def members_page(self, listing: Listing) -> Listed[Member]:
        """Returns a page of them."""
        ...

    async def find_member(self, name: str) -> Member | None:
        """Returns a member."""
        ...

    async def add_member(self, member: Member) -> None:
        """Lets somebody take part."""
        ...

    async def remove_member(self, name: str) -> None:
        """Ends somebody's part."""
        ...

    async def put_members(self, operation: str, countries: Collection[str], members: Collection[Member]) -> None:
        """Puts members in place of those that an operation had of these countries."""
        ...

    async def of_officer(self, officer: str, now: datetime) -> frozenset[str]:
        """Returns the names of the operations in which an officer takes part."""
        ...
