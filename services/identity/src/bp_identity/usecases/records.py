"""Where people, units, their roles and clients are kept, and who hears of changes: within one transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from bp_identity.domain.client import Client
from bp_identity.domain.grant import Grant
from bp_identity.domain.officer import Officer
from bp_identity.domain.provisioned import Provisioned
from bp_identity.domain.unit import Unit
from bp_kit.listing import Listed, Listing


class Units(Protocol):
    """Units of all countries served here."""

    async def find(self, name: str, *, for_change: bool = False) -> Unit | None:
        """Returns the unit, locked when it is to be changed."""
        ...

    async def add(self, unit: Unit) -> None:
        """Keeps a new unit."""
        ...

    async def save(self, unit: Unit) -> None:
        """Keeps a changed unit."""
        ...

    async def page(self, listing: Listing) -> Listed[Unit]:
        """Returns a page of one country's units, by name."""
        ...

    async def of_countries(self, countries: tuple[str, ...]) -> list[Unit]:
        """Returns all units of these countries."""
        ...


class Officers(Protocol):
    """Officers of all countries served here."""

    async def find(self, name: str, *, for_change: bool = False) -> Officer | None:
        """Returns the officer, locked when to be changed."""
        ...

    async def find_by_username(self, username: str, country: str = "") -> Officer | None:
        """Returns the one officer whose name, id or e-mail address it is, of that country or of any; None for none, or for several."""
        ...

    async def find_by_email(self, country: str, email: str) -> Officer | None:
        """Returns the country's officer with this address."""
        ...

    async def add(self, officer: Officer) -> None:
        """Keeps a new officer."""
        ...

    async def save(self, officer: Officer) -> None:
        """Keeps a changed officer."""
        ...

    async def page(self, listing: Listing) -> Listed[Officer]:
        """Returns a page of one country's officers, by name."""
        ...


class Grants(Protocol):
    """Roles of officers."""

    async def find(self, name: str, *, for_change: bool = False) -> Grant | None:
        """Returns the grant, locked when to be changed."""
        ...

    async def add(self, grant: Grant) -> None:
        """Keeps a new grant."""
        ...

    async def save(self, grant: Grant) -> None:
        """Keeps a changed grant."""
        ...

    async def page(self, listing: Listing) -> Listed[Grant]:
        """Returns a page of one officer's grants, or of a country's, oldest first."""
        ...

    async def of_officer(self, officer: str) -> list[Grant]:
        """Returns the officer's grants at units in service, ended ones included."""
        ...

    async def officers_at(self, unit: str) -> list[str]:
        """Returns the names of officers with any grant at the unit."""
        ...

    async def administrators(self, country: str, now: datetime) -> list[str]:
        """Returns the country's active officers who administer it now; their grants are locked, always in the same order."""
        ...

    async def holders(self, country: str, roles: tuple[str, ...], now: datetime) -> list[str]:
        """Returns the country's active officers who hold one of these roles now, by name."""
        ...

    async def turned(self, after: datetime, until: datetime) -> list[str]:
        """Returns the officers with a grant that began or ended in that time."""
        ...


class Clients(Protocol):
    """OAuth clients."""

    async def find(self, name: str, *, for_change: bool = False) -> Client | None:
        """Returns the client, locked when to be changed."""
        ...

    async def add(self, client: Client) -> None:
        """Keeps a new client."""
        ...

    async def save(self, client: Client) -> None:
        """Keeps a changed client."""
        ...

    async def page(self, listing: Listing) -> Listed[Client]:
        """Returns a page of one country's clients, by name."""
        ...


class ProvisionedRecords(Protocol):
    """What a country's own directory calls officers and units."""

    async def find(self, name: str) -> Provisioned | None:
        """Returns what it calls the officer or unit; None where it has not spoken of it yet."""
        ...

    async def holder(self, country: str, user_name: str) -> str:
        """Returns the name of the country's officer whom it knows by that user name, in any case; empty for none."""
        ...

    async def save(self, provisioned: Provisioned) -> None:
        """Keeps it, new or changed."""
        ...

    async def members_of(self, units: Collection[str], now: datetime) -> dict[str, tuple[str, ...]]:
        """Returns the officers, by name, who hold a role at each of the units that has not ended and whom it has not deleted."""
        ...


class Directory(Protocol):
    """Those who must hear of changes; they do once the transaction commits."""

    async def unit_changed(self, unit: Unit, recipients: tuple[str, ...] = ("countries/-",)) -> None:
        """Tells countries' directories about a unit."""
        ...

    async def officer_changed(self, officer: Officer, grants: list[Grant], now: datetime) -> None:
        """Tells the own country's notifications and training about a person and the roles held now."""
        ...

    async def emergency_declared(self, subject: str, officers: tuple[str, ...]) -> None:
        """Notifies officers urgently that somebody has taken a role in an emergency, about that record."""
        ...

    async def reviews_wait(self, subject: str, officers: tuple[str, ...]) -> None:
        """Notifies officers that roles of their country wait to be confirmed."""
        ...

    async def sign_in_changed(self, what: str, subject: str, officers: tuple[str, ...]) -> None:
        """Notifies officers of a change in how one of them signs in: `passkey_added`, `recovery_confirmed`, about that record."""
        ...
