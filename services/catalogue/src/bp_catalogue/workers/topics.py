"""What arrives for the catalogue: the centre's capabilities, nodes that ask for them, and countries' numbers."""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.message import DecodeError, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.catalogue.v1 import events_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_catalogue.adapters import messages
from bp_catalogue.adapters.outlet import CAPABILITIES_PUBLISHED, CATALOGUE_REQUESTED, UPTAKE_REPORTED
from bp_catalogue.adapters.unit_of_work import Workshop
from bp_catalogue.domain.names import report_name
from bp_catalogue.usecases import replication, uptake
from bp_kit.errors import Refused
from bp_kit.inbox import MessageHandler
from bp_kit.names import country_of, require_author
from bp_kit.validation import check

Payload = TypeVar("Payload", bound=Message)


class Handlers:
    """Handlers of the catalogue's topics, each within the transaction of its delivery.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._country = workshop.seams.country
        self._centre = f"countries/{workshop.rules.centre}"

    def by_topic(self) -> dict[str, MessageHandler]:
        """Returns the handlers by topic."""
        return {
            CAPABILITIES_PUBLISHED: self.capabilities_published,
            CATALOGUE_REQUESTED: self.catalogue_requested,
            UPTAKE_REPORTED: self.uptake_reported,
        }

    async def capabilities_published(self, session: AsyncSession, message: topics_pb2.Message) -> None:
        """Keeps the centre's capabilities; nobody else publishes any."""
        payload = _payload(events_pb2.CapabilitiesPublished, message)
        require_author(message.author, self._centre)
        for capability in payload.capabilities:
            if not capability.name or capability.revision < 1:
                raise Refused("INVALID_FIELD", field="capabilities", description="are not published ones")
            require_author(message.author, capability.name)
        if country_of(message.author) != self._country:
            replicas = [messages.replica_of(capability) for capability in payload.capabilities]
            await replication.keep_replicas(self._workshop.on(session), replicas)

    async def catalogue_requested(self, session: AsyncSession, message: topics_pb2.Message) -> None:
        """Answers a node that asks for the catalogue, at the centre."""
        payload = _payload(events_pb2.CatalogueRequested, message)
        require_author(message.author, payload.country)
        if f"countries/{self._country}" == self._centre != payload.country:
            known = {capability.name: capability.revision for capability in payload.capabilities}
            work = self._workshop.on(session)
            await replication.answer_catalogue(work, self._country, payload.country, known)

    async def uptake_reported(self, session: AsyncSession, message: topics_pb2.Message) -> None:
        """Keeps another country's numbers, at the centre."""
        payload = _payload(events_pb2.UptakeReported, message)
        require_author(message.author, payload.country)
        country = country_of(payload.country)
        reports = [messages.report_of(report) for report in payload.reports]
        names = [report.name for report in reports]
        if names != [report_name(country, report.capability) for report in reports] or len(set(names)) < len(names):
            raise Refused("INVALID_FIELD", field="reports.name", description="does not follow from the capability")
        if country != self._country:
            await uptake.keep_reports(self._workshop.on(session), country, reports, payload.version)


def _payload(kind: type[Payload], message: topics_pb2.Message) -> Payload:
    """Returns a message's content, checked by its proto's rules.

    Raises:
        Refused: INVALID_FIELD.
    """
    try:
        payload = kind.FromString(message.payload)
    except DecodeError:
        raise Refused("INVALID_FIELD", field="payload", description="cannot be read") from None
    check(payload)
    return payload
