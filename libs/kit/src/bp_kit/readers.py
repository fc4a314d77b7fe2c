"""Who read a record: this node's exchange has the reads here, and those that other nodes have told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import grpc

from bluepacific.common.v1 import read_pb2 as told_pb2
from bluepacific.exchange.v1 import read_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.exchange.v1 import topic_service_pb2_grpc as topics_grpc
from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.names import country_of
from bp_kit.ports import Seams

_CALL_SECONDS = 10.0
_ANSWERING = ("data_protection_officer", "auditor")
Response = TypeVar("Response")


class Readers:
    """Who read what.

    Args:
        seams: For the channel to the exchange.
    """

    def __init__(self, seams: Seams) -> None:
        self._exchange = topics_grpc.TopicServiceStub(seams.channel("exchange"))

    async def tell(
        self, asked: Any, response: Callable[..., Response], names: Sequence[str], lists: Sequence[str] = ()
    ) -> Response:
        """Returns a page of the reads of records and what is under them, newest first.

        Args:
            asked: The request: its `page_size` and `page_token`.
            response: Makes the answer, of `reads` and `next_page_token`.
            names: The records.
            lists: Lists in which they stand: `countries/FJI/officers`.

        Raises:
            Refused: INVALID_PAGE_TOKEN, UNAVAILABLE.
        """
        request = topics_pb2.ListReadsRequest(
            records=names, lists=lists, page_size=asked.page_size, page_token=asked.page_token
        )
        try:
            found = await self._exchange.ListReads(request, timeout=_CALL_SECONDS)
        except grpc.RpcError as error:
            wrong_token = error.code() == grpc.StatusCode.INVALID_ARGUMENT
            raise Refused("INVALID_PAGE_TOKEN" if wrong_token else "UNAVAILABLE") from None
        return response(reads=[_told(one) for one in found.reads], next_page_token=found.next_page_token)


def is_told_of(principal: Principal, person: str) -> bool:
    """Tells whether a caller may know who read what is kept of a person: the person, and who answers for that in the same country.

    Args:
        principal: Of the person's country.
        person: `countries/FJI/officers/ana`; empty: nobody any more.
    """
    return principal.name == person or any(principal.holds(role) for role in _ANSWERING)


def _told(read: read_pb2.Read) -> told_pb2.RecordRead:
    country = country_of(read.principal) if read.principal.startswith("countries/") else "-"
    return told_pb2.RecordRead(
        name=f"countries/{country}/reads/{read.read_id}",
        record=read.record,
        reader=read.principal,
        permission=read.permission,
        purpose=read.purpose,
        read_time=read.read_time,
        allowed=read.allowed,
        node_id=read.node_id,
    )
