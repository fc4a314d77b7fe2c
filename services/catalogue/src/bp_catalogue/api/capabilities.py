"""CapabilityService."""

from __future__ import annotations

from typing import Any

from bluepacific.catalogue.v1 import capability_pb2
from bluepacific.catalogue.v1 import capability_service_pb2 as pb
from bluepacific.catalogue.v1 import capability_service_pb2_grpc as grpc_
from bp_catalogue.adapters.messages import capability_message, facts_of
from bp_catalogue.adapters.unit_of_work import Workshop
from bp_catalogue.domain.capability import Capability
from bp_catalogue.usecases import capabilities
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.errors import Refused
from bp_kit.listing import listing_of
from bp_kit.masks import fields_to_change
from bp_kit.names import country_of

_MUTABLE = ("title", "description", "kind", "goals", "sdg_targets")


class CapabilityServicer(grpc_.CapabilityServiceServicer):
    """The catalogue; the centre changes it.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def GetCapability(self, request: pb.GetCapabilityRequest, context: Any) -> capability_pb2.Capability:
        """Gets a capability."""
        return _told(await capabilities.get_capability(self._workshop.on(current_session()), request.name))

    async def ListCapabilities(self, request: pb.ListCapabilitiesRequest, context: Any) -> pb.ListCapabilitiesResponse:
        """Lists capabilities by name."""
        work = self._workshop.on(current_session())
        listed = await capabilities.list_capabilities(work, listing_of(request))
        return pb.ListCapabilitiesResponse(
            capabilities=[_told(capability) for capability in listed.items], next_page_token=listed.next_token
        )

    async def PublishReference(self, request: pb.PublishReferenceRequest, context: Any) -> pb.PublishReferenceResponse:
        """Publishes the reference list."""
        published = await capabilities.publish_reference(
            self._workshop.on(current_session()),
            current_call().principal,
            country=country_of(request.parent),
            codes=list(request.codes),
        )
        return pb.PublishReferenceResponse(published=published.new, unchanged=published.unchanged)

    async def CreateCapability(self, request: pb.CreateCapabilityRequest, context: Any) -> capability_pb2.Capability:
        """Publishes a capability."""
        capability = await capabilities.create_capability(
            self._workshop.on(current_session()),
            current_call().principal,
            country=country_of(request.parent),
            code=request.capability_id,
            facts=facts_of(request.capability),
        )
        return _told(capability)

    async def UpdateCapability(self, request: pb.UpdateCapabilityRequest, context: Any) -> capability_pb2.Capability:
        """Publishes a new revision."""
        if not request.capability.name:
            raise Refused("INVALID_FIELD", field="capability.name", rule="required")
        capability = await capabilities.update_capability(
            self._workshop.on(current_session()),
            current_call().principal,
            request.capability.name,
            facts=facts_of(request.capability),
            fields=fields_to_change(request.update_mask, request.capability, _MUTABLE),
            etag=request.capability.etag,
        )
        return _told(capability)


def _told(capability: Capability) -> capability_pb2.Capability:
    return capability_message(capability, current_call().language)
