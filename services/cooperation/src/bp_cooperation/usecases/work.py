"""What use cases need: repositories, those who must hear of changes, the clock. All within one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Collection, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bp_cooperation.domain.addressee import Addressee
from bp_cooperation.domain.attachment import Attachment, SealedContent
from bp_cooperation.domain.bundle import Properties
from bp_cooperation.domain.directive import Answer, Directive, Revision
from bp_cooperation.domain.entity import Entity
from bp_cooperation.domain.ladder import Rung
from bp_cooperation.domain.reply import Reply
from bp_cooperation.domain.request import Request
from bp_cooperation.domain.sharing import Sharing
from bp_cooperation.usecases.access import Access
from bp_cooperation.usecases.directive_work import Carriers, Directives, Revisions, Sharings
from bp_kit import listing
from bp_kit.listing import Listed


@dataclass(frozen=True)
class Caller:
    """Who asks, and for whom.

    Attributes:
        name: `countries/FJI/officers/ana`.
        country: The own country's code.
        units: Units in which a role is held that the method admits. Nobody sees anything but through one of these.
        grants: (role, unit name) pairs of the own country.
        clearance: How far the own country has cleared them, from 0.
        purpose: A value of the closed list `Purpose`, without prefix; empty where none was stated.
        visiting: Another node vouches for them: what their unit got is opened there, not here.
    """

    name: str
    country: str
    units: frozenset[str]
    grants: frozenset[tuple[str, str]] = frozenset()
    clearance: int = 0
    purpose: str = ""
    visiting: bool = False


@dataclass(frozen=True)
class Listing(listing.Listing):
    """What a list call asks for, and through whose eyes.

    Attributes:
        seer: Who asks.
        exercise: What belongs to exercises instead of the real, where a list tells the two apart.
    """

    seer: Caller
    exercise: bool = False


class Requests(Protocol):
    """Requests of the countries served here, and copies of those that others sent here."""

    async def find(self, name: str, *, for_change: bool = False) -> Request | None:
        """Returns the request, locked when it is to be changed."""
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

    async def find(self, name: str) -> Entity | None:
        """Returns the entity."""
        ...

    async def replace(self, source: str, entities: Iterable[Entity], now: datetime) -> None:
        """Puts a source's entities in place of those it had."""
        ...

    async def search(self, listing: Listing, *, words: Collection[str], stix_type: str) -> Listed[Entity]:
        """Returns a page of what the caller's units may see that has all the words and the type (empty: any), newest first."""
        ...

    async def ids_known_to(self, unit: str, request: str) -> set[str]:
        """Returns the STIX ids in a request and those of its replies that a unit may see."""
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


class Directory(Protocol):
    """Units of all countries."""

    async def active(self, units: Collection[str]) -> set[str]:
        """Returns those of the units that take part."""
        ...

    async def named(self, units: Collection[str]) -> list[Addressee]:
        """Returns what is known of units."""
        ...

    async def find(self, unit: str) -> Addressee | None:
        """Returns what is known of a unit."""
        ...

    async def save(self, addressee: Addressee) -> None:
        """Keeps what is known of a unit."""
        ...

    async def page(self, listing: Listing) -> Listed[Addressee]:
        """Returns a page of the units that take part, by name."""
        ...


class Waiting(Protocol):
    """Messages about requests that have not arrived yet."""

    async def add(self, message_id: str, request: str, body: bytes, now: datetime) -> None:
        """Keeps a message until its request arrives; the same one once."""
        ...

    async def take(self, request: str) -> list[bytes]:
        """Returns the messages that wait for a request, in order of arrival, and forgets them."""
        ...

    async def forget(self, before: datetime) -> None:
        """Forgets messages that have waited since before a moment."""
        ...


class Outlet(Protocol):
    """Those who must hear of changes; they do once the transaction commits."""

    async def request_opened(self, request: Request, attachments: Iterable[Attachment]) -> str:
        """Sends a request to its recipients; returns the message's id."""
        ...

    async def request_closed(self, request: Request) -> None:
        """Tells a request's recipients that it is closed."""
        ...

    async def reply_sent(self, reply: Reply, urgency: str, attachments: Iterable[Attachment]) -> str:
        """Sends a reply to its recipients, as urgently as the request; returns the message's id."""
        ...

    async def report_opened(self, message_id: str, unit: str) -> None:
        """Tells a message's sender that a unit here opened it."""
        ...

    async def directive_issued(self, directive: Directive, record: Request | Reply, revision: Revision | None) -> str:
        """Tells a record's holders what its unit tells; returns the message's id."""
        ...

    async def directive_answered(self, directive: Directive, answer: Answer) -> None:
        """Answers a directive."""
        ...

    async def request_shared(self, request: Request, further: Collection[str], files: Iterable[Attachment]) -> str:
        """Sends a request to units that it is shared with, and tells its other holders; returns the message's id."""
        ...

    async def sharing_asked(self, sharing: Sharing, owner: str) -> None:
        """Asks a request's unit to share it."""
        ...

    async def sharing_decided(self, sharing: Sharing, owner: str) -> None:
        """Tells who wished to share what was decided."""
        ...

    async def erase(self, message_ids: Collection[str]) -> None:
        """Has the exchange destroy what it holds of messages' content."""
        ...

    async def tell(self, template: str, record: Request | Reply, unit: str, *, urgent: bool = False) -> None:
        """Notifies those of a unit here who may be told of a record."""
        ...

    async def tell_of_request(self, request: Request, unit: str) -> None:
        """Notifies a unit here of a request."""
        ...

    async def tell_of_reply(self, reply: Reply, unit: str, *, urgent: bool) -> None:
        """Notifies a unit here of a reply."""
        ...


class Bundles(Protocol):
    """Knows STIX."""

    async def read(self, text: str, *, field: str, known: Collection[str] | None) -> list[Properties]:
        """Returns a checked bundle's objects; references lead to them or to known ids (None: anywhere)."""
        ...


class Files(Protocol):
    """Where files' bytes are, encrypted."""

    async def seal(self, chunks: AsyncIterable[bytes], *, limit: int) -> SealedContent:
        """Takes in a file, encrypted with a new key."""
        ...

    async def remove(self, blob: str) -> None:
        """Destroys encrypted bytes."""
        ...


@dataclass(frozen=True)
class Rules:
    """What a node's operators decide.

    Attributes:
        countries: Codes of the countries served here.
        retention: Until content is destroyed, where its author does not say.
        longest_retention: The most an author may say.
        draft_lifetime: Untouched drafts are deleted after it.
        waiting_lifetime: Messages about unknown requests are forgotten after it.
        answer_time: Who has not answered a directive within it is overdue.
        attachment_bytes: Largest file.
        attachment_count: Most files of one request or reply.
    """

    countries: frozenset[str]
    retention: timedelta
    longest_retention: timedelta
    draft_lifetime: timedelta
    waiting_lifetime: timedelta
    answer_time: timedelta
    attachment_bytes: int
    attachment_count: int


@dataclass(frozen=True)
class Work:
    """One transaction's parts."""

    requests: Requests
    replies: Replies
    attachments: Attachments
    entities: Entities
    ladders: Ladders
    directory: Directory
    directives: Directives
    revisions: Revisions
    carriers: Carriers
    sharings: Sharings
    waiting: Waiting
    outlet: Outlet
    bundles: Bundles
    access: Access
    rules: Rules
    clock: Callable[[], datetime]
    ids: Callable[[], str]


Transactions = Callable[[], AbstractAsyncContextManager[Work]]


@dataclass(frozen=True)
class Intake:
    """What taking in a file needs beyond one transaction: minutes may pass between its first byte and its last.

    Attributes:
        transactions: Opens a transaction of its own, committed at its end.
        files: Where files' bytes are.
    """

    transactions: Transactions
    files: Files
