"""Topics that the catalogue sends, and the notifications it asks for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from google.protobuf.message import Message

from bluepacific.catalogue.v1 import capability_pb2, events_pb2
from bluepacific.common.v1 import handling_pb2
from bluepacific.notifications.v1 import events_pb2 as notifications_pb2
from bp_catalogue.adapters.messages import capability_message, report_message
from bp_catalogue.domain.access import AccessRequest
from bp_catalogue.domain.capability import Capability
from bp_catalogue.domain.uptake import Report
from bp_kit.names import country_of
from bp_kit.outbox import Outbox

CAPABILITIES_PUBLISHED = "bluepacific.catalogue.v1.capabilities.published"
CATALOGUE_REQUESTED = "bluepacific.catalogue.v1.catalogue.requested"
UPTAKE_REPORTED = "bluepacific.catalogue.v1.uptake.reported"
# Of one message: as many as its proto takes, and well below what the exchange takes.
_BATCH, _BATCH_BYTES = 50, 256 * 1024


class OutboxOutlet:
    """Sends through the outbox, in the current transaction.

    Args:
        outbox: Of the session.
        centre: Code of the country that publishes the catalogue and collects uptake.
    """

    def __init__(self, outbox: Outbox, centre: str) -> None:
        self._outbox = outbox
        self._centre = f"countries/{centre}"

    async def capabilities_published(
        self, centre: str, capabilities: Iterable[Capability], recipients: Collection[str]
    ) -> None:
        """Sends the centre's capabilities to countries."""
        for batch in batches([capability_message(capability) for capability in capabilities]):
            payload = events_pb2.CapabilitiesPublished(capabilities=batch)
            author = f"countries/{centre}"
            await self._send(
                CAPABILITIES_PUBLISHED,
                payload,
                author=author,
                recipients=recipients,
                conversation=f"{author}/capabilities",
                tlp=handling_pb2.TLP_CLEAR,
            )

    async def catalogue_requested(self, country: str, known: Mapping[str, int]) -> None:
        """Asks the centre for what is not among these capabilities (name -> revision)."""
        author = f"countries/{country}"
        payload = events_pb2.CatalogueRequested(
            country=author,
            capabilities=[events_pb2.KnownCapability(name=name, revision=revision) for name, revision in known.items()],
        )
        await self._send(
            CATALOGUE_REQUESTED,
            payload,
            author=author,
            recipients=[self._centre],
            conversation=f"{author}/capabilities",
        )

    async def uptake_reported(self, country: str, reports: Iterable[Report], version: int) -> None:
        """Sends a country's numbers to the centre."""
        author = f"countries/{country}"
        payload = events_pb2.UptakeReported(
            country=author, reports=[report_message(report) for report in reports], version=version
        )
        await self._send(
            UPTAKE_REPORTED, payload, author=author, recipients=[self._centre], conversation=f"{author}/uptakeReports"
        )

    async def tell_of_request(self, request: AccessRequest, unit: str) -> None:
        """Notifies the head of the NCB, a unit."""
        requested = notifications_pb2.NotificationRequested(
            template="catalogue.access_requested", subject=request.name, unit=unit, roles=["ncb_head"]
        )
        await self._outbox.notify(requested, author=f"countries/{country_of(request.name)}")

    async def tell_of_decision(self, request: AccessRequest) -> None:
        """Notifies who asked of what was decided."""
        requested = notifications_pb2.NotificationRequested(
            template="catalogue.access_decided", subject=request.name, officer=request.requester
        )
        await self._outbox.notify(requested, author=f"countries/{country_of(request.name)}")

    async def _send(
        self,
        topic: str,
        payload: Message,
        *,
        author: str,
        recipients: Iterable[str],
        conversation: str,
        tlp: handling_pb2.Tlp.ValueType = handling_pb2.TLP_GREEN,
    ) -> None:
        await self._outbox.send(
            topic=topic,
            payload=payload,
            author=author,
            recipients=recipients,
            handling=handling_pb2.Handling(tlp=tlp, purpose=handling_pb2.PURPOSE_CRIME_PREVENTION),
            conversation=conversation,
            receipts=False,
        )


def batches(capabilities: Iterable[capability_pb2.Capability]) -> Iterator[list[capability_pb2.Capability]]:
    """Splits capabilities into what one message takes."""
    batch: list[capability_pb2.Capability] = []
    size = 0
    for capability in capabilities:
        size += capability.ByteSize()
        if batch and (len(batch) == _BATCH or size > _BATCH_BYTES):
            yield batch
            batch, size = [], capability.ByteSize()
        batch.append(capability)
    if batch:
        yield batch
