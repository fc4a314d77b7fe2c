"""EntityService."""

from __future__ import annotations

from typing import Any

from bluepacific.cooperation.v1 import entity_pb2
from bluepacific.cooperation.v1 import entity_service_pb2 as pb
from bluepacific.cooperation.v1 import entity_service_pb2_grpc as grpc_
from bp_cooperation.adapters.messages import entity_message
from bp_cooperation.adapters.unit_of_work import Workshop
from bp_cooperation.api.callers import current_caller, listing_of
from bp_cooperation.api.sights import opening
from bp_cooperation.usecases import entities
from bp_kit.database import current_session


class EntityServicer(grpc_.EntityServiceServicer):
    """Entities of what concerns the caller's units.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def GetEntity(self, request: pb.GetEntityRequest, context: Any) -> entity_pb2.Entity:
        """Gets an entity and notes that its source was opened."""
        async with self._workshop.reading() as work:
            source = (await entities.get_entity(work, await current_caller(work), request.name)).source
        async with opening(self._workshop, source) as (work, caller):
            entity = await entities.get_entity(work, caller, request.name)
        return entity_message(entity)

    async def SearchEntities(self, request: pb.SearchEntitiesRequest, context: Any) -> pb.SearchEntitiesResponse:
        """Searches entities, newest first."""
        work = self._workshop.on(current_session())
        listing = await listing_of(work, request)
        listed = await entities.search_entities(work, listing, query=request.query, stix_type=request.type)
        return pb.SearchEntitiesResponse(
            entities=[entity_message(entity, content=False) for entity in listed.items],
            next_page_token=listed.next_token,
        )
