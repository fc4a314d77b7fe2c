"""Asks this node's exchange where messages stand, and says in words why they get no further."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import grpc

from bluepacific.cooperation.v1 import recipient_status_pb2 as pb
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.exchange.v1 import topic_service_pb2_grpc as topics_grpc
from bp_cooperation.domain.ladder import Ladder
from bp_cooperation.domain.standstill import Standstill, Way, standstill_of
from bp_kit.logs import get_logger
from bp_kit.names import country_of
from bp_kit.ports import Seams
from bp_kit.reasons import all_reasons, reason_text
from bp_kit.times import moment
from bp_kit.wording import country_wording, duration_wording, wording_of

# Whoever reads waits for it.
_CALL_SECONDS = 3.0
_PREFIX, _RUNG = "STANDSTILL_", "DELIVERY_STATE_"
_log = get_logger("bp_cooperation.ways")


class Ways:
    """What the exchange knows of messages' ways.

    Args:
        seams: For the channel to the exchange and the clock.
    """

    def __init__(self, seams: Seams) -> None:
        self._exchange = topics_grpc.TopicServiceStub(seams.channel("exchange"))
        self._clock = seams.clock

    async def of(self, message_ids: Iterable[str]) -> dict[str, Way] | None:
        """Returns the way to each recipient of messages, the first of them that names it; None where the exchange cannot be asked."""
        found: dict[str, Way] = {}
        for message_id in message_ids:
            request = topics_pb2.GetStandingsRequest(message_id=message_id)
            try:
                answer = await self._exchange.GetStandings(request, timeout=_CALL_SECONDS)
            except grpc.RpcError as error:
                _log.warning("ways.unknown", code=error.code().name)
                return None
            for standing in answer.standings:
                found.setdefault(standing.recipient, _way(standing))
        return found

    def explain(
        self, status: pb.RecipientStatus, ladder: Ladder, ways: dict[str, Way], *, language: str, unit_name: str
    ) -> None:
        """Writes into a recipient's status why it stands still, if it does.

        Args:
            status: Of the recipient.
            ladder: How far it got.
            ways: By recipient.
            language: For the words.
            unit_name: What people call the recipient.
        """
        found = standstill_of(ladder, ways.get(ladder.unit), self._clock())
        if found:
            status.standstill = pb.Standstill.Value(_PREFIX + found.kind)
            metadata = _metadata(found, ladder, language, unit_name)
            status.explanation = wording_of(pb.Standstill.DESCRIPTOR, status.standstill, language, metadata)


def _metadata(found: Standstill, ladder: Ladder, language: str, unit_name: str) -> dict[str, object]:
    country = country_wording(country_of(ladder.unit), language)
    return {
        "unit": f"{unit_name} ({country})",
        "country": country,
        "node": found.node or country,
        "count": found.count,
        "duration": duration_wording(found.duration, language) if found.duration is not None else "",
        "reason": reason_text(found.code, language, {}) if found.code in all_reasons() else found.code,
    }


def _way(standing: topics_pb2.Standing) -> Way:
    last: datetime | None = None
    if standing.HasField("last_contact_time"):
        last = moment(standing.last_contact_time, "last_contact_time")
    return Way(
        state=topics_pb2.DeliveryState.Name(standing.state).removeprefix(_RUNG),
        since=moment(standing.state_time, "state_time"),
        node=standing.node,
        revoked=standing.revoked,
        peer=standing.peer,
        connected=standing.connected,
        last_contact=last,
        queued=standing.queued,
        before=standing.waiting_before,
        set_aside=standing.set_aside,
    )
