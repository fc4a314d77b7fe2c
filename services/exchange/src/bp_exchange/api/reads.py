"""Takes reads of personal data from the other services of this node, and tells them who read what."""

from __future__ import annotations

from typing import Any

from google.protobuf.empty_pb2 import Empty

from bluepacific.exchange.v1 import read_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.adapters.reads import SqlReads
from bp_exchange.api.standings import StandingServicer
from bp_exchange.usecases.reading import record_reads
from bp_kit.database import current_session


class ReadServicer(StandingServicer):
    """Who read what; a part of the topic API."""

    async def RecordReads(self, request: topics_pb2.RecordReadsRequest, context: Any) -> Empty:
        """Takes a batch of reads into the log."""
        session = current_session()
        work = await self._house.on(session)
        await record_reads(work, SqlReads(session), request.batch_id, list(request.reads), self._house.seams.country)
        return Empty()

    async def ListReads(self, request: topics_pb2.ListReadsRequest, context: Any) -> topics_pb2.ListReadsResponse:
        """Lists who read records, newest first."""
        page = await SqlReads(current_session()).page(
            list(request.records),
            list(request.lists),
            size=request.page_size,
            token=request.page_token,
            sealer=self._house.seams.sealer,
        )
        reads = [read_pb2.Read.FromString(row.body) for row in page.rows]
        return topics_pb2.ListReadsResponse(reads=reads, next_page_token=page.next_token)
