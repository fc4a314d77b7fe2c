"""Serves the keeper of the lanes: numbers, what was set aside, and removable media."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

from google.api import httpbody_pb2
from sqlalchemy.exc import InterfaceError, OperationalError

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import exchange_service_pb2 as exchange_pb2
from bluepacific.exchange.v1 import lane_service_pb2 as pb
from bluepacific.exchange.v1 import lane_service_pb2_grpc, plan_pb2
from bp_exchange.adapters.lanes import SqlLanes, aside_item, lane_numbers, list_aside
from bp_exchange.adapters.medium_taking import MediumIntake, Taken
from bp_exchange.adapters.medium_writing import MediumWriter, check_peer, peers_of
from bp_exchange.adapters.plans import SqlPlans
from bp_exchange.adapters.refused import refusals_of
from bp_exchange.adapters.tables import QueueRow
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.api.exchange import Heard
from bp_exchange.api.lane_messages import LaneView, refusal_messages
from bp_exchange.api.plans import plan_message, wanted
from bp_exchange.protocol.medium import BlockReader, MediumRefusedError
from bp_exchange.usecases.planning import change_plan
from bp_exchange.usecases.records import AsideItem
from bp_exchange.usecases.setting_aside import retry, set_item_aside
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.errors import Refused
from bp_kit.listing import listing_of
from bp_kit.logs import described, get_logger
from bp_kit.paging import read_page

_MEDIUM = "application/vnd.bluepacific.medium"
_PIECE_BYTES = 256 * 1024
_log = get_logger("bp_exchange.medium")


class LaneServicer(lane_service_pb2_grpc.LaneServiceServicer):
    """The lanes to this node's peers, for people of its own country.

    Args:
        house: The exchange.
        links: Which links are up.
    """

    def __init__(self, house: House, links: Heard) -> None:
        self._house = house
        self._links = links

    async def GetLanes(self, request: pb.GetLanesRequest, context: Any) -> pb.Lanes:
        """Shows the lane to and from each peer."""
        await self._admit()
        register = self._house.register
        lanes = pb.Lanes(
            node_id=self._house.keys.node_id,
            register_version=register.directory.version,
            register_freshness=exchange_pb2.RegisterFreshness.ValueType(register.standing),
            lanes=[await self._lane(peer) for peer in peers_of(self._house)],
        )
        # Strangers are counted under this node's own id.
        strangers = await refusals_of(current_session(), self._house.keys.node_id)
        lanes.stranger_refusals.extend(refusal_messages(strangers))
        if register.current:
            lanes.register_expire_time.FromDatetime(register.current.expires)
        return lanes

    async def GetPlan(self, request: pb.GetPlanRequest, context: Any) -> plan_pb2.Plan:
        """Shows what the country allows on its link to a peer."""
        await self._admit()
        check_peer(self._house, request.peer)
        return plan_message(await SqlPlans(current_session()).find(request.peer))

    async def UpdatePlan(self, request: pb.UpdatePlanRequest, context: Any) -> plan_pb2.Plan:
        """Changes what the country allows on its link to a peer."""
        await self._admit()
        plan = request.plan
        check_peer(self._house, plan.peer)
        time_zone, rules = wanted(request)
        work = await self._house.on(current_session())
        plans = SqlPlans(current_session())
        changed = await change_plan(work, plans, plan.peer, plan.etag, time_zone=time_zone, rules=rules)
        return plan_message(changed)

    async def ListSetAsideItems(
        self, request: pb.ListSetAsideItemsRequest, context: Any
    ) -> pb.ListSetAsideItemsResponse:
        """Lists what was set aside."""
        await self._admit()
        page = await read_page(
            current_session(),
            self._house.seams.sealer,
            list_aside(request.peer),
            listing=listing_of(request),
            keys=[QueueRow.position],
            scope=[request.peer],
        )
        items = [_aside(aside_item(row)) for row in page.rows]
        return pb.ListSetAsideItemsResponse(items=items, next_page_token=page.next_token)

    async def SetItemAside(self, request: pb.SetItemAsideRequest, context: Any) -> pb.SetAsideItem:
        """Takes an item out of the lane by hand."""
        await self._admit()
        work = await self._house.on(current_session())
        item = await set_item_aside(work, self._lanes(), request.peer, request.item_id, request.reason)
        return _aside(item)

    async def RetrySetAsideItems(
        self, request: pb.RetrySetAsideItemsRequest, context: Any
    ) -> pb.RetrySetAsideItemsResponse:
        """Puts set-aside items back into their lane."""
        await self._admit()
        check_peer(self._house, request.peer)
        work = await self._house.on(current_session())
        count = await retry(work, self._lanes(), request.peer, request.item_id)
        return pb.RetrySetAsideItemsResponse(count=count)

    async def ExportMedium(self, request: pb.ExportMediumRequest, context: Any) -> AsyncIterator[httpbody_pb2.HttpBody]:
        """Writes everything that is owed to a peer."""
        await self._admit()
        writer = MediumWriter(self._house, request.peer)
        async for piece in writer.write():
            # A block may be larger than one message of a stream should be.
            for at in range(0, len(piece), _PIECE_BYTES):
                yield httpbody_pb2.HttpBody(content_type=_MEDIUM, data=piece[at : at + _PIECE_BYTES])

    async def ImportMedium(
        self, requests: AsyncIterable[pb.ImportMediumRequest], context: Any
    ) -> pb.ImportMediumResponse:
        """Takes a medium."""
        await self._admit()
        intake, reader = MediumIntake(self._house), BlockReader()
        try:
            async for request in requests:
                for block in reader.feed(request.content.data):
                    await intake.take(block)
        except (OperationalError, InterfaceError, OSError) as error:
            # Locked, or no space: what was stored stays, and the same medium is taken again later.
            _log.error("medium.interrupted", **described(error))
            raise Refused("UNAVAILABLE") from error
        return await self._answer(intake.taken, reader)

    async def _answer(self, taken: Taken, reader: BlockReader) -> pb.ImportMediumResponse:
        if not taken.blocks:
            raise _refused(taken, reader)
        answer = pb.ImportMediumResponse(
            from_node=taken.from_node,
            medium_id=taken.medium_id,
            first_block=taken.first,
            last_block=taken.last,
            ended=taken.ended,
            damaged_blocks=taken.damaged,
            truncated=reader.leftover or reader.broken or taken.left,
            stored_items=len(taken.stored),
            refused_items=len(taken.refused),
            files=taken.files,
            unused_chunks=taken.unused_chunks,
            acknowledged_items=taken.acknowledged,
            register=taken.register,
        )
        if taken.stored or taken.refused:
            writer = MediumWriter(self._house, taken.from_node)
            answer.acknowledgement = await writer.acknowledge(list(taken.stored), list(taken.refused.values()))
        return answer

    async def _admit(self) -> None:
        """A node may be a guest's too; its lanes are its own country's."""
        if current_call().principal.country != self._house.seams.country:
            raise Refused("PERMISSION_DENIED")
        # Anew: perhaps a peer was let in just now.
        await self._house.register.load()

    def _lanes(self) -> SqlLanes:
        return SqlLanes(current_session(), self._house.seams.clock)

    async def _lane(self, peer: str) -> pb.Lane:
        register = self._house.register
        view = LaneView(
            peer=peer,
            revoked=register.directory.nodes[peer].revoked,
            heard=self._links.heard(peer),
            numbers=await lane_numbers(current_session(), peer),
            now=self._house.seams.clock(),
            allows=register.allows,
        )
        return view.message()


def _aside(item: AsideItem) -> pb.SetAsideItem:
    shown = pb.SetAsideItem(
        peer=item.peer,
        item_id=item.item_id,
        receipt=item.receipt,
        urgency=handling_pb2.Urgency.ValueType(item.urgency),
        size_bytes=item.size,
        ground=item.ground,
        reason=item.reason,
    )
    shown.queue_time.FromDatetime(item.queue_time)
    if item.aside_time:
        shown.set_aside_time.FromDatetime(item.aside_time)
    return shown


def _refused(taken: Taken, reader: BlockReader) -> Refused:
    refusal = taken.refusal or MediumRefusedError("MEDIUM_DAMAGED" if reader.is_medium else "MEDIUM_UNREADABLE")
    return Refused(refusal.reason, node=refusal.node)
