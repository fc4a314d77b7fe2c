"""What use cases need: repositories, those who must hear of changes, the clock. All within one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bp_catalogue.domain.access import AccessRequest, Agreement
from bp_catalogue.domain.capability import Capability, Facts
from bp_catalogue.domain.uptake import Counts, Report, Telling
from bp_kit.listing import Listed, Listing


@dataclass(frozen=True)
class Sight:
    """Which of a country's access requests somebody sees.

    Attributes:
        everything: All of them.
        requester: Those this officer made.
        units: Those of these units.
    """

    everything: bool
    requester: str
    units: frozenset[str]

    def includes(self, request: AccessRequest) -> bool:
        """Tells whether the request is seen."""
        return self.everything or request.requester == self.requester or request.unit in self.units


class Capabilities(Protocol):
    """The catalogue: the centre's own, or the replica."""

    async def find(self, name: str, *, for_change: bool = False) -> Capability | None:
        """Returns the capability, locked when it, or what depends on it, is to be changed."""
        ...

    async def add(self, capability: Capability) -> None:
        """Keeps a new capability."""
        ...

    async def save(self, capability: Capability) -> None:
        """Keeps a new revision, or a replica."""
        ...

    async def page(self, listing: Listing) -> Listed[Capability]:
        """Returns a page of capabilities, by name."""
        ...

    async def all(self) -> list[Capability]:
        """Returns all capabilities, by name."""
        ...


class AccessRequests(Protocol):
    """Access requests of the countries served here, with their decisions and agreements."""

    async def find(self, name: str, *, for_change: bool = False) -> AccessRequest | None:
        """Returns the request, locked when it is to be changed."""
        ...

    async def of_unit(self, unit: str, capability: str) -> list[AccessRequest]:
        """Returns the unit's requests for the capability."""
        ...

    async def add(self, request: AccessRequest) -> None:
        """Keeps a new request."""
        ...

    async def save(self, request: AccessRequest) -> None:
        """Keeps decisions that are not kept yet, and what follows from all of them."""
        ...

    async def page(self, listing: Listing, sight: Sight) -> Listed[AccessRequest]:
        """Returns a page of the requests of one country that are seen, oldest first."""
        ...


class Agreements(Protocol):
    """Access agreements, as they follow from the requests."""

    async def find(self, name: str) -> Agreement | None:
        """Returns the agreement."""
        ...

    async def page(self, listing: Listing, now: datetime) -> Listed[Agreement]:
        """Returns a page of one country's agreements, oldest first."""
        ...


class Uptake(Protocol):
    """Uptake: counted here, and as countries told it."""

    async def count(self, country: str, now: datetime) -> dict[str, Counts]:
        """Counts a country's requests and agreements, by capability."""
        ...

    async def countries(self) -> list[str]:
        """Returns the countries with requests here."""
        ...

    async def find(self, name: str) -> Report | None:
        """Returns the report."""
        ...

    async def of(self, country: str) -> list[Report]:
        """Returns a country's reports."""
        ...

    async def page(self, listing: Listing, *, country: str) -> Listed[Report]:
        """Returns a page of one country's reports (empty: all countries'), by name."""
        ...

    async def told(self, country: str, *, for_change: bool = False) -> Telling | None:
        """Returns when a country last told its reports, if it did, locked when it is to be told anew."""
        ...

    async def replace(self, country: str, reports: Iterable[Report], telling: Telling) -> None:
        """Puts a country's reports in place of those it had."""
        ...


class Outlet(Protocol):
    """Those who must hear of changes; they do once the transaction commits."""

    async def capabilities_published(
        self, centre: str, capabilities: Iterable[Capability], recipients: Collection[str]
    ) -> None:
        """Sends the centre's capabilities to countries."""
        ...

    async def catalogue_requested(self, country: str, known: Mapping[str, int]) -> None:
        """Asks the centre for what is not among these capabilities (name -> revision)."""
        ...

    async def uptake_reported(self, country: str, reports: Iterable[Report], version: int) -> None:
        """Sends a country's numbers to the centre."""
        ...

    async def tell_of_request(self, request: AccessRequest, unit: str) -> None:
        """Notifies the head of the NCB, a unit."""
        ...

    async def tell_of_decision(self, request: AccessRequest) -> None:
        """Notifies who asked of what was decided."""
        ...


@dataclass(frozen=True)
class Rules:
    """What a node's operators decide.

    Attributes:
        centre: Code of the country that publishes the catalogue and collects uptake.
        ncb_unit: Id of each country's NCB unit.
        agreement_period: How long an agreement lasts unless said otherwise.
        agreement_limit: How long one may last at most.
        uptake_refresh: How often uptake is told although nothing changed.
    """

    centre: str
    ncb_unit: str
    agreement_period: timedelta
    agreement_limit: timedelta
    uptake_refresh: timedelta

    def ncb_of(self, country: str) -> str:
        """Returns the name of a country's NCB unit."""
        return f"countries/{country}/units/{self.ncb_unit}"


@dataclass(frozen=True)
class Work:
    """One transaction's parts.

    Attributes:
        reference: INTERPOL's public facts, by code.
    """

    capabilities: Capabilities
    requests: AccessRequests
    agreements: Agreements
    uptake: Uptake
    outlet: Outlet
    rules: Rules
    reference: Mapping[str, Facts]
    clock: Callable[[], datetime]
    ids: Callable[[], str]
