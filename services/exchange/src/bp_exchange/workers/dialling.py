"""A country's side of its link: dials the centre, and dials again for as long as the node runs.

Backoff has full jitter (each pause is drawn between nothing and a limit that doubles up to a cap), so that countries that lost the
centre together do not come back together. A link that was greeted resets it.
"""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta

import grpc
from sqlalchemy.exc import SQLAlchemyError

from bluepacific.exchange.v1 import link_service_pb2_grpc
from bp_exchange.adapters.certificates import expiry_of, host_of
from bp_exchange.adapters.key_folder import AUTHORITY, CERTIFICATE, private_pem
from bp_exchange.adapters.refused import count_broken_rules
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.settings import ExchangeSettings
from bp_exchange.workers.link import Link, LinkEndedError
from bp_exchange.workers.links import CHANNEL_OPTIONS, GrpcStream, Links
from bp_kit.logs import described, get_logger

_CONNECT_SECONDS = 30.0
_KEEPALIVE_ANSWER_MILLIS = 10_000
_log = get_logger("bp_exchange.dialling")


class Dialler:
    """Keeps this node linked to the centre; a worker.

    Args:
        house: The exchange.
        links: Where the link counts as up.
        settings: Where the centre is, and how patient to be.
    """

    def __init__(self, house: House, links: Links, settings: ExchangeSettings) -> None:
        self._house = house
        self._links = links
        self._settings = settings
        # The expiry that was told: once is enough.
        self._told: datetime | None = None

    async def run(self) -> None:
        """Dials until cancelled."""
        failures = 0
        while True:
            if await self._enrolled():
                greeted = await self._dial()
                failures = 0 if greeted else failures + 1
            await asyncio.sleep(self._pause(failures))

    async def _enrolled(self) -> bool:
        """Enrolment may be done while the node runs: its files are then found here."""
        register = self._house.register
        if register.current is None:
            await register.load()
        return register.current is not None and bool(self._house.folder.read(CERTIFICATE))

    def _pause(self, failures: int) -> float:
        first, longest = self._settings.redial_first, self._settings.redial_longest
        limit: timedelta = min(longest, first * 2 ** min(failures, 20))
        return random.uniform(0, limit.total_seconds())  # noqa: S311 - jitter

    async def _dial(self) -> bool:
        """Returns, once the link is over, whether it ever was up."""
        if not self._certificate_holds():
            return False
        centre = self._house.register.directory.centre
        if centre is None or centre.node_id == self._house.keys.node_id:
            return False
        channel = grpc.aio.secure_channel(
            self._settings.link, self._credentials(), options=self._options(centre.node_id)
        )
        link: Link | None = None
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await _ready(channel)
            call = link_service_pb2_grpc.LinkServiceStub(channel).Connect()
            link = Link(self._house, centre.node_id, GrpcStream(call))
            with self._links.holding(link):
                await link.run()
        except* (LinkEndedError, TimeoutError, grpc.RpcError, SQLAlchemyError, OSError) as ended:
            _log.info("link.ended", peer=centre.node_id, error=type(ended.exceptions[0]).__name__)
            await count_broken_rules(self._house, centre.node_id, ended)
        except* Exception as broken:  # noqa: BLE001 - whatever a peer manages to break, the node stands
            _log.error("link.broke", peer=centre.node_id, **described(broken.exceptions[0]))
        finally:
            await channel.close()
        return link is not None and link.greeted.is_set()

    def _certificate_holds(self) -> bool:
        """With an expired certificate the centre ends the handshake without a word; this node says why, and renews it meanwhile."""
        expires = expiry_of(self._house.folder.read(CERTIFICATE))
        holds = expires > self._house.seams.clock()
        if not holds and self._told != expires:
            _log.error("link.certificate_expired", since=expires.isoformat())
            self._told = expires
        return holds

    def _credentials(self) -> grpc.ChannelCredentials:
        folder = self._house.folder
        return grpc.ssl_channel_credentials(
            root_certificates=folder.read(AUTHORITY),
            private_key=private_pem(folder.tls()),
            certificate_chain=folder.read(CERTIFICATE),
        )

    def _options(self, centre: str) -> tuple[tuple[str, object], ...]:
        return (
            *CHANNEL_OPTIONS,
            ("grpc.ssl_target_name_override", host_of(centre)),
            ("grpc.keepalive_time_ms", int(self._settings.keepalive.total_seconds() * 1000)),
            ("grpc.keepalive_timeout_ms", _KEEPALIVE_ANSWER_MILLIS),
            # Our own backoff decides when to dial.
            ("grpc.enable_retries", 0),
            ("grpc.use_local_subchannel_pool", 1),
        )


async def _ready(channel: grpc.aio.Channel) -> None:
    """Returns when the channel is connected.

    Raises:
        LinkEndedError: It cannot be.
    """
    state = channel.get_state(try_to_connect=True)
    while state is not grpc.ChannelConnectivity.READY:
        if state in (grpc.ChannelConnectivity.TRANSIENT_FAILURE, grpc.ChannelConnectivity.SHUTDOWN):
            raise LinkEndedError("cannot be reached")
        await channel.wait_for_state_change(state)
        state = channel.get_state(try_to_connect=True)
