"""What use cases about directives and sharing need: repositories, all within one transaction; parts of `Work`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bp_cooperation.domain.directive import Answer, Directive, Revision
from bp_cooperation.domain.sharing import Sharing
from bp_kit.listing import Listed

if TYPE_CHECKING:
    from bp_cooperation.usecases.asking import Listing


class Directives(Protocol):
    """What was told about what was sent, here and elsewhere, and what was answered."""

    async def find(self, name: str, *, for_change: bool = False) -> Directive | None:
        """Returns the directive, locked when it is to be changed."""
        ...

    async def save(self, directive: Directive) -> None:
        """Keeps a directive."""
        ...

    async def recall_of(self, record: str, unit: str = "") -> Directive | None:
        """Returns the directive by which a unit (empty: any) took a record back, if there is one."""
        ...

    async def page(self, listing: Listing) -> Listed[Directive]:
        """Returns a page of a request's directives that the caller's units may see, oldest first."""
        ...

    async def answers(self, directives: Collection[str]) -> dict[str, list[Answer]]:
        """Returns the answers, by directive, in the order of their units."""
        ...

    async def save_answer(self, directive: Directive, answer: Answer) -> None:
        """Keeps an answer."""
        ...

    async def outstanding(self, listing: Listing) -> Listed[tuple[Directive, Answer]]:
        """Returns a page of answers that the caller's units await, the longest awaited first."""
        ...

    async def overdue(self, now: datetime, limit: int) -> list[Directive]:
        """Returns directives with overdue answers of which nobody was told."""
        ...


class Revisions(Protocol):
    """Wordings of requests and replies."""

    async def add(self, revision: Revision) -> None:
        """Keeps a wording; the same one once."""
        ...

    async def page(self, listing: Listing) -> Listed[Revision]:
        """Returns a page of the wordings of a request and its replies that the caller's units may see, oldest first."""
        ...

    async def forget(self, record: str) -> None:
        """Destroys a record's wordings."""
        ...


class Carriers(Protocol):
    """Which messages brought a record's content, or took it away from here."""

    async def add(self, record: str, message_id: str) -> None:
        """Keeps that a message holds content of a record."""
        ...

    async def of(self, record: str) -> list[str]:
        """Returns the messages that hold a record's content."""
        ...

    async def forget_answers(self, record: str) -> None:
        """Destroys answers kept for repeats of calls, where they hold a record's content."""
        ...

    async def carried_by(self, message_id: str) -> str:
        """Returns the name of the record whose content a message holds; empty where it holds none that is known here."""
        ...


class Sharings(Protocol):
    """Wishes to share requests."""

    async def find(self, name: str, *, for_change: bool = False) -> Sharing | None:
        """Returns the wish, locked when it is to be changed."""
        ...

    async def save(self, sharing: Sharing) -> None:
        """Keeps a wish."""
        ...

    async def page(self, listing: Listing) -> Listed[Sharing]:
        """Returns a page of the wishes to share a request that the caller's units asked for or decide, oldest first."""
        ...
