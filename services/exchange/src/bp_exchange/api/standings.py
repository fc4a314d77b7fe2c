"""Tells the other services of this node where their messages stand."""

from __future__ import annotations

from typing import Any

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.exchange.v1 import topic_service_pb2_grpc
from bp_exchange.adapters.standings import Standing, standings_of
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.api.exchange import Heard
from bp_kit.database import current_session


class StandingServicer(topic_service_pb2_grpc.TopicServiceServicer):
    """Where messages stand; a part of the topic API.

    Args:
        house: The exchange.
        links: Which links are up.
    """

    def __init__(self, house: House, links: Heard) -> None:
        self._house = house
        self._links = links

    async def GetStandings(
        self, request: topics_pb2.GetStandingsRequest, context: Any
    ) -> topics_pb2.GetStandingsResponse:
        """Tells where a message of this node's stands on its way to each recipient."""
        await self._house.register.load()
        directory, own = self._house.register.directory, self._house.keys.node_id
        found = await standings_of(current_session(), directory, own, request.message_id)
        return topics_pb2.GetStandingsResponse(standings=[self._message(one) for one in found])

    def _message(self, standing: Standing) -> topics_pb2.Standing:
        rung, place = standing.rung, standing.place
        heard = self._links.heard(standing.peer) if standing.peer else None
        message = topics_pb2.Standing(
            recipient=rung.recipient,
            state=topics_pb2.DeliveryState.ValueType(rung.state),
            ground=rung.ground,
            node=rung.node_id,
            revoked=standing.revoked,
            peer=standing.peer,
            connected=heard is not None,
            queued=place is not None and not place.set_aside,
            waiting_before=place.before if place else 0,
            set_aside=place.set_aside if place else "",
        )
        message.state_time.FromDatetime(rung.state_time)
        last_contact = heard or standing.last_contact
        if last_contact:
            message.last_contact_time.FromDatetime(last_contact)
        return message
