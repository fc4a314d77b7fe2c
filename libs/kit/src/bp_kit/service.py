"""What a service's `build(settings, seams)` returns: its parts, ready to be served in one process or alone."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from google.protobuf.message import Message

from bp_kit.call import Call
from bp_kit.database import Database
from bp_kit.measures import Reader
from bp_kit.rpc.methods import Method
from bp_kit.subjects.holdings import Holdings

Worker = Callable[[], Coroutine[Any, Any, None]]
# `add_XServicer_to_server`, as generated, and the servicer it adds.
Servicer = tuple[Callable[[Any, Any], None], Any]


class SecondPerson(Protocol):
    """Keeps an act that only a second person can put into effect."""

    async def require(self, method: Method, call: Call, request: Message) -> None:
        """Keeps the call, and refuses it with SECOND_PERSON_MUST_CONFIRM; returns where it may take effect at once."""
        ...


@dataclass(frozen=True)
class Service:
    """One service.

    Attributes:
        name: Short: `cooperation`.
        package: Where its migrations are: `bp_cooperation`.
        database: Its own database.
        servicers: Pairs of the generated add function and the servicer.
        workers: Run as long as the service does; each returns only when cancelled.
        second_person: Takes calls of methods whose `access` says `second_person`; None where the service has its own way to decide them.
        readers: What it measures of itself, beside what every service does.
        holdings: What it holds about people; None where that is nothing.
    """

    name: str
    package: str
    database: Database
    servicers: Sequence[Servicer]
    workers: Sequence[Worker] = field(default_factory=tuple)
    second_person: SecondPerson | None = None
    readers: Sequence[Reader] = field(default_factory=tuple)
    holdings: Holdings | None = None

    async def migrate(self) -> None:
        """Brings the database to this release."""
        # Alembic is heavy, and a start with nothing to migrate does without.
        from bp_kit.migrations import migrate  # noqa: PLC0415

        await migrate(self.package, self.database.url)

    async def aclose(self) -> None:
        """Releases what the service holds; its workers must have ended."""
        await self.database.aclose()
