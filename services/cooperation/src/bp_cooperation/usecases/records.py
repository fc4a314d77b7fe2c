"""What is kept: requests, replies, and what belongs to them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Protocol

from bp_access.question import Information
from bp_cooperation.domain.attachment import Attachment
from bp_cooperation.domain.entity import Entity
from bp_cooperation.domain.ladder import Rung
from bp_cooperation.domain.reply import Reply
from bp_cooperation.domain.request import Request
from bp_cooperation.usecases.asking import Caller, Listing
from bp_kit.listing import Listed


class Requests(Protocol):
    """Requests of the countries served here, and copies of those that others sent here."""

    async def find(self, name: str, *, for_change: bool = False) -> Request | None:
        """Returns the request, locked when it is to be changed."""
        ...

    async def find_seen(self, name: str, caller: Caller, *, for_change: bool = False) -> Request | None:
        """Returns the request where the caller's units and its label let it be known of."""
        ...

    async def add(self, request: Request) -> None:
        """Keeps a new request."""
        ...

    async def save(self, request: Request) -> None:
        """Keeps a changed request, and who may see it."""
        ...

    async def remove(self, name: str) -> None:
        """Forgets a draft."""
        ...

    async def page(self, listing: Listing) -> Listed[Request]:
        """Returns a page of what the caller's units may see, newest first."""
        ...

    async def due(self, now: datetime, drafts_before: datetime, limit: int) -> list[Request]:
        """Returns requests whose retention time has come, and drafts untouched since a moment."""
        ...


class Replies(Protocol):
    """Replies written here, and copies of those that others sent here."""

    async def find(self, name: str, *, for_change: bool = False) -> Reply | None:
        """Returns the reply, locked when it is to be changed."""
        ...

    async def find_seen(self, name: str, caller: Caller, *, for_change: bool = False) -> Reply | None:
        """Returns the reply where the caller's units and its label let it be known of."""
        ...

    async def add(self, reply: Reply) -> None:
        """Keeps a new reply."""
        ...

    async def save(self, reply: Reply) -> None:
        """Keeps a changed reply, and who may see it."""
        ...

    async def remove(self, name: str) -> None:
        """Forgets a draft."""
        ...

    async def page(self, listing: Listing) -> Listed[Reply]:
        """Returns a page of one request's replies that the caller's units may see, oldest first."""
        ...

    async def of(self, request: str) -> list[Reply]:
        """Returns all replies to a request that are here, drafts included."""
        ...

    async def due(self, now: datetime, drafts_before: datetime, limit: int) -> list[Reply]:
        """Returns replies whose retention time has come, and drafts untouched since a moment."""
        ...


class Attachments(Protocol):
    """Files of requests and replies."""

    async def find(self, name: str) -> Attachment | None:
        """Returns the attachment."""
        ...

    async def of(self, record: str) -> list[Attachment]:
        """Returns a request's or a reply's files, oldest first."""
        ...

    async def counts(self, records: Collection[str]) -> dict[str, int]:
        """Returns how many files each request or reply has; those without are missing."""
        ...

    async def add(self, attachment: Attachment) -> None:
        """Keeps a new attachment."""
        ...

    async def page(self, listing: Listing) -> Listed[Attachment]:
        """Returns a page of the files of a request and its replies that the caller's units may see, oldest first."""
        ...

    async def discard(self, attachments: Iterable[Attachment]) -> None:
        """Forgets attachments and their keys; their bytes follow."""
        ...

    async def discarded(self, limit: int) -> list[str]:
        """Returns digests of encrypted bytes that nothing needs any more."""
        ...

    async def forget_discarded(self, blobs: Collection[str]) -> None:
        """Takes digests off that list, once the bytes are gone."""
        ...


class Entities(Protocol):
    """Entities of what was sent."""

    async def find(self, name: str, units: Collection[str]) -> tuple[Entity | None, Information | None]:
        """Returns the entity, and what a decision needs to know of it; None where none of the units may know of its source."""
        ...

    async def replace(self, source: str, entities: Iterable[Entity], now: datetime) -> None:
        """Puts a source's entities in place of those it had."""
        ...

    async def search(self, listing: Listing, *, words: Collection[str], stix_type: str) -> Listed[Entity]:
        """Returns a page of what the caller's units may see that has all the words and the type (empty: any), newest first."""
        ...

    async def ids_known_to(self, unit: str, request: str, operation: str) -> set[str]:
        """Returns the STIX ids in a request and those of its replies that a unit may see, within one operation or none."""
        ...


class Ladders(Protocol):
    """How far what was sent got, and what was opened here."""

    async def of(self, record: str) -> list[Rung]:
        """Returns all rungs of a request's or a reply's recipients."""
        ...

    async def of_all(self, records: Collection[str]) -> dict[str, list[Rung]]:
        """Returns all rungs, by record."""
        ...

    async def add(self, record: str, rungs: Iterable[Rung]) -> None:
        """Keeps rungs; the earliest of those that are told twice."""
        ...

    async def opened(self, record: str) -> dict[str, datetime]:
        """Returns when each unit here opened it, of those that did."""
        ...

    async def mark_opened(self, record: str, units: Iterable[str], now: datetime) -> None:
        """Keeps that units here opened it."""
        ...
