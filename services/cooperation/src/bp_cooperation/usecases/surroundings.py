"""What is around the records: the units of all countries, those who must hear of changes, files and STIX."""

from __future__ import annotations

from collections.abc import AsyncIterable, Collection, Iterable
from datetime import datetime
from typing import Protocol

from bp_cooperation.domain.addressee import Addressee
from bp_cooperation.domain.attachment import Attachment, SealedContent
from bp_cooperation.domain.bundle import Properties
from bp_cooperation.domain.directive import Answer, Directive, Revision
from bp_cooperation.domain.operation import Member, Operation
from bp_cooperation.domain.reply import Reply
from bp_cooperation.domain.request import Request
from bp_cooperation.domain.sharing import Sharing
from bp_cooperation.usecases.asking import Listing
from bp_kit.listing import Listed


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

    async def takes_part(self, country: str) -> bool:
        """Tells whether any unit of a country takes part."""
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

    async def operation_changed(
        self, operation: Operation, country: str, members: Collection[Member], *, urgent: bool
    ) -> None:
        """Tells another country's node how an operation stands for its officers."""
        ...

    async def tell_of_operation(self, operation: Operation, officer: str) -> None:
        """Notifies an officer of a country served here that they take part in an operation."""
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
