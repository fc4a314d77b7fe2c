"""Asks this node's exchange who read records: its log has the reads here, and those that other nodes have told."""

from __future__ import annotations

import grpc
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.cooperation.v1 import read_service_pb2 as pb
from bluepacific.exchange.v1 import read_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.exchange.v1 import topic_service_pb2_grpc as topics_grpc
from bp_cooperation.adapters.tables import EntityRow
from bp_kit.errors import Refused
from bp_kit.names import country_of
from bp_kit.ports import Seams

_CALL_SECONDS = 10.0
_ENTITIES = 500


class Readers:
    """Who read what.

    Args:
        seams: For the channel to the exchange.
    """

    def __init__(self, seams: Seams) -> None:
        self._exchange = topics_grpc.TopicServiceStub(seams.channel("exchange"))

    async def of(self, names: list[str], *, size: int, token: str) -> pb.ListReadsResponse:
        """Returns a page of the reads of records and what is under them, newest first.

        Raises:
            Refused: INVALID_PAGE_TOKEN, UNAVAILABLE.
        """
        request = topics_pb2.ListReadsRequest(records=names, page_size=size, page_token=token)
        try:
            found = await self._exchange.ListReads(request, timeout=_CALL_SECONDS)
        except grpc.RpcError as error:
            wrong_token = error.code() == grpc.StatusCode.INVALID_ARGUMENT
            raise Refused("INVALID_PAGE_TOKEN" if wrong_token else "UNAVAILABLE") from None
        return pb.ListReadsResponse(reads=[_read(one) for one in found.reads], next_page_token=found.next_page_token)


async def entities_of(session: AsyncSession, request: str) -> list[str]:
    """Returns the names under which a request and its replies can be read besides their own: those of their entities."""
    beneath = or_(EntityRow.source == request, EntityRow.source.startswith(f"{request}/", autoescape=True))
    found = select(EntityRow.name).where(beneath).order_by(EntityRow.name).limit(_ENTITIES)
    return list(await session.scalars(found))


def _read(read: read_pb2.Read) -> pb.RecordRead:
    country = country_of(read.principal) if read.principal.startswith("countries/") else "-"
    return pb.RecordRead(
        name=f"countries/{country}/reads/{read.read_id}",
        record=read.record,
        reader=read.principal,
        permission=read.permission,
        purpose=read.purpose,
        read_time=read.read_time,
        allowed=read.allowed,
        node_id=read.node_id,
    )
