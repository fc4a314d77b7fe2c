"""Tells others of changes, through the outbox: every country of units, the own country's services of people."""

from __future__ import annotations

from datetime import datetime

from bluepacific.identity.v1 import events_pb2, officer_pb2, unit_pb2
from bluepacific.notifications.v1 import events_pb2 as notifications_pb2
from bp_identity.domain.grant import Grant
from bp_identity.domain.names import country_name
from bp_identity.domain.officer import Officer
from bp_identity.domain.unit import Unit
from bp_kit.names import country_of
from bp_kit.outbox import Outbox

UNIT_CHANGED = "bluepacific.cooperation.v1.unit.changed"
CONTACT_CHANGED = "bluepacific.notifications.v1.contact.changed"
LEARNER_CHANGED = "bluepacific.training.v1.learner.changed"
DIRECTORY_REQUESTED = "bluepacific.identity.v1.directory.requested"


class OutboxDirectory:
    """Writes what others must hear into the outbox.

    Args:
        outbox: Of the transaction that makes the change.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def unit_changed(self, unit: Unit, recipients: tuple[str, ...] = ("countries/-",)) -> None:
        """Tells countries' directories about a unit."""
        country = country_of(unit.name)
        event = events_pb2.UnitChanged(
            name=unit.name,
            country=country,
            display_name=unit.display_name,
            kind=unit_pb2.UnitKind.Value(f"UNIT_KIND_{unit.kind}"),
            state=unit_pb2.UnitState.Value(f"UNIT_STATE_{unit.state}"),
            version=unit.version,
        )
        event.change_time.FromDatetime(unit.update_time)
        await self._outbox.send(
            topic=UNIT_CHANGED,
            payload=event,
            author=country_name(country),
            recipients=recipients,
            conversation=unit.name,
        )

    async def officer_changed(self, officer: Officer, grants: list[Grant], now: datetime) -> None:
        """Tells the own country's notifications and training about a person and the roles held now."""
        holding = [grant for grant in grants if grant.in_force(now)]
        await self._send_home(CONTACT_CHANGED, officer, _contact(officer, holding))
        await self._send_home(LEARNER_CHANGED, officer, _learner(officer, holding))

    async def sign_in_changed(self, what: str, subject: str, officers: tuple[str, ...]) -> None:
        """Notifies officers of a change in how one of them signs in: `passkey_added`, `recovery_confirmed`, about that record."""
        for officer in officers:
            requested = notifications_pb2.NotificationRequested(
                template=f"identity.{what}", subject=subject, officer=officer, urgent=True
            )
            await self._outbox.notify(requested, author=country_name(country_of(officer)))

    async def emergency_declared(self, subject: str, officers: tuple[str, ...]) -> None:
        """Notifies officers urgently that somebody has taken a role in an emergency, about that record."""
        await self.sign_in_changed("emergency_declared", subject, officers)

    async def reviews_wait(self, subject: str, officers: tuple[str, ...]) -> None:
        """Notifies officers that roles of their country wait to be confirmed."""
        await self.sign_in_changed("access_review_due", subject, officers)

    async def request(self, country: str) -> None:
        """Asks every country for the units that this one may not have heard of."""
        await self._outbox.send(
            topic=DIRECTORY_REQUESTED,
            payload=events_pb2.DirectoryRequested(requester=country_name(country)),
            author=country_name(country),
            recipients=("countries/-",),
            conversation="directory",
        )

    async def _send_home(
        self,
        topic: str,
        officer: Officer,
        payload: notifications_pb2.ContactChanged | events_pb2.LearnerChanged,
    ) -> None:
        home = country_name(country_of(officer.name))
        await self._outbox.send(
            topic=topic, payload=payload, author=home, recipients=(home,), conversation=officer.name
        )


def _contact(officer: Officer, grants: list[Grant]) -> notifications_pb2.ContactChanged:
    return notifications_pb2.ContactChanged(
        officer=officer.name,
        display_name=officer.display_name,
        email=officer.person.email,
        language=officer.person.language,
        grants=[notifications_pb2.ContactGrant(role=grant.role.lower(), unit=grant.unit) for grant in grants],
        active=officer.active,
        version=officer.version,
    )


def _learner(officer: Officer, grants: list[Grant]) -> events_pb2.LearnerChanged:
    return events_pb2.LearnerChanged(
        officer=officer.name,
        country=country_of(officer.name),
        gender=officer_pb2.Gender.Value(f"GENDER_{officer.person.gender}"),
        units=sorted({grant.unit for grant in grants}),
        active=officer.active,
        version=officer.version,
        display_name=officer.display_name,
    )
