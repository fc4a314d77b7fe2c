"""The centre's side of all links: one listener, over mutual TLS, for registered nodes and for whoever holds an open invitation.

Nobody else gets through the handshake. A node is known by its certificate: issued by the network's authority, its key the one in the
register, not revoked. What the door of an invitation opens is the enrolment call and nothing else.
"""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
from sqlalchemy.exc import SQLAlchemyError

from bluepacific.exchange.v1 import enrolment_service_pb2_grpc, link_service_pb2_grpc
from bluepacific.exchange.v1.enrolment_service_pb2_grpc import EnrolmentServiceServicer
from bp_exchange.adapters.invitations import SqlInvitations
from bp_exchange.adapters.key_folder import AUTHORITY, CERTIFICATE, private_pem
from bp_exchange.adapters.peers import name_shown, peer_of
from bp_exchange.adapters.refused import count_broken_rules, count_refusals
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.protocol.refusal import Ground
from bp_exchange.settings import ExchangeSettings
from bp_exchange.workers.link import Link, LinkEndedError
from bp_exchange.workers.links import CHANNEL_OPTIONS, GrpcStream, Links
from bp_kit.logs import described, get_logger
from bp_kit.rpc.registry import handlers_of
from bp_kit.service import Service

_DOORS_SECONDS = 0.5
_MAX_CALLS = 512
_KEEPALIVE_ANSWER_MILLIS = 10_000
_MIN_PING_MILLIS = 5_000
_log = get_logger("bp_exchange.listening")


class LinkServicer(link_service_pb2_grpc.LinkServiceServicer):
    """Serves the links of registered nodes.

    Args:
        house: The exchange.
        links: Where they count as up.
    """

    def __init__(self, house: House, links: Links) -> None:
        self._house = house
        self._links = links

    async def Connect(self, _requests: object, context: Any) -> None:  # type: ignore[override] # it reads and writes by the context
        """Serves one link for as long as it holds."""
        peer = await peer_of(context, self._house.register)
        if peer is None:
            await self._refused(context)
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "not a node of this network")
            return
        link = Link(self._house, peer, GrpcStream(context))
        try:
            with self._links.holding(link):
                await link.run()
        except* (LinkEndedError, grpc.RpcError, SQLAlchemyError, OSError) as ended:
            _log.info("link.ended", peer=peer, error=type(ended.exceptions[0]).__name__)
            await count_broken_rules(self._house, peer, ended)
        except* Exception as broken:  # noqa: BLE001 - as in dialling: never more than this link
            _log.error("link.broke", peer=peer, **described(broken.exceptions[0]))

    async def _refused(self, context: Any) -> None:
        """Counts a revoked node's attempts, or one's with another key; those of whoever is in no register together, as this node's own."""
        name = await name_shown(context)
        is_known = name in self._house.register.directory.nodes
        ground = Ground.NOT_TRUSTED if is_known else Ground.UNKNOWN_CERTIFICATE
        _log.warning("link.refused", ground=ground)
        await count_refusals(self._house, name if is_known else self._house.keys.node_id, [ground])


class Listener:
    """Listens for links at the centre; a worker.

    Args:
        house: The exchange.
        links: Where they count as up.
        settings: Where to listen.
        enrolment: Lets nodes in.
    """

    def __init__(
        self, house: House, links: Links, settings: ExchangeSettings, enrolment: EnrolmentServiceServicer
    ) -> None:
        self._house = house
        self._links = links
        self._settings = settings
        self._enrolment = enrolment
        self._doors: list[bytes] = []
        # Certificate and roots as the last handshakes had them.
        self._shown = (b"", b"")
        self.port = 0
        self.ready = asyncio.Event()

    async def run(self) -> None:
        """Listens until cancelled.

        Raises:
            RuntimeError: The address cannot be had.
        """
        server = grpc.aio.server(options=self._options(), maximum_concurrent_rpcs=_MAX_CALLS)
        service = Service(
            name="exchange",
            package="bp_exchange",
            database=self._house.database,
            servicers=[(enrolment_service_pb2_grpc.add_EnrolmentServiceServicer_to_server, self._enrolment)],
        )
        handlers = handlers_of(service, self._house.seams, from_node=False)
        methods = {path.rpartition("/")[2]: handler for path, handler in handlers.items()}
        server.add_registered_method_handlers("bluepacific.exchange.v1.EnrolmentService", methods)
        link_service_pb2_grpc.add_LinkServiceServicer_to_server(LinkServicer(self._house, self._links), server)
        await self.look_for_invitations()
        first = self._configuration()
        credentials = grpc.dynamic_ssl_server_credentials(first, self._configuration, True)  # type: ignore[arg-type] # None is "as before"  # noqa: FBT003 - its signature
        self.port = server.add_secure_port(self._settings.link_listen or self._settings.link, credentials)
        await server.start()
        self.ready.set()
        _log.info("listener.up", port=self.port)
        try:
            while True:
                await asyncio.sleep(_DOORS_SECONDS)
                await self.look_for_invitations()
        finally:
            await server.stop(None)
            await self._links.close()

    @unbroken
    async def look_for_invitations(self) -> None:
        """The command that invites is another process, so open doors are looked for now and then."""
        try:
            async with self._house.database.read() as session:
                self._doors = await SqlInvitations(session).doors(self._house.seams.clock())
        except SQLAlchemyError as error:
            _log.warning("listener.waiting", error=type(error).__name__)

    def _configuration(self) -> grpc.ServerCertificateConfiguration | None:
        """Returns whom a handshake believes, or None where that is as before; called for each, on a thread of gRPC's own."""
        folder = self._house.folder
        # The authority itself is with whoever dials: it need not travel.
        shown = folder.read(CERTIFICATE), b"".join((folder.read(AUTHORITY), *self._doors))
        if shown == self._shown:
            return None
        self._shown = shown
        return grpc.ssl_server_certificate_configuration([(private_pem(folder.tls()), shown[0])], shown[1])

    def _options(self) -> tuple[tuple[str, object], ...]:
        return (
            *CHANNEL_OPTIONS,
            ("grpc.so_reuseport", 0),
            ("grpc.keepalive_time_ms", int(self._settings.keepalive.total_seconds() * 1000)),
            ("grpc.keepalive_timeout_ms", _KEEPALIVE_ANSWER_MILLIS),
            ("grpc.http2.min_ping_interval_without_data_ms", _MIN_PING_MILLIS),
        )
