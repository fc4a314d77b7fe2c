"""Serves what a country's IT officer sees of the exchange."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from google.protobuf.empty_pb2 import Empty

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import exchange_service_pb2 as exchange_pb2
from bluepacific.exchange.v1 import exchange_service_pb2_grpc, register_pb2
from bp_exchange.adapters.authority import Authority
from bp_exchange.adapters.certificates import expiry_of
from bp_exchange.adapters.invitations import SqlInvitations
from bp_exchange.adapters.key_folder import CERTIFICATE
from bp_exchange.adapters.leases import link_to, pod_with
from bp_exchange.adapters.numbers import link_numbers, log_edge
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.adapters.witnessing import SqlWitness
from bp_exchange.protocol.words import fingerprint
from bp_exchange.usecases.enrolling import confirm, revoke
from bp_exchange.usecases.renewing import Wish
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.errors import Refused

_MOST_ALARMS = 20


class Heard(Protocol):
    """The links that are up."""

    def heard(self, peer: str) -> datetime | None:
        """Returns when a connected peer was last heard; None when it is not connected."""


class Asked(Protocol):
    """Who renews the node's certificates."""

    failure: str

    def ask(self, wish: Wish) -> None:
        """Has it renew at once."""


class ExchangeServicer(exchange_service_pb2_grpc.ExchangeServiceServicer):
    """Shows this node's exchange.

    Args:
        house: The exchange.
        links: Which links are up.
        authority: The network's, at the centre; None elsewhere.
        renewer: Renews the node's certificates.
    """

    def __init__(self, house: House, links: Heard, authority: Authority | None, renewer: Asked) -> None:
        self._house = house
        self._renewer = renewer
        self._links = links
        self._authority = authority

    async def GetExchangeStatus(
        self, request: exchange_pb2.GetExchangeStatusRequest, context: Any
    ) -> exchange_pb2.ExchangeStatus:
        """Shows this node: its id, its register's age, and its links."""
        register, own = self._house.register, self._house.keys.node_id
        await register.ensure()
        edge = await log_edge(current_session(), own)
        status = exchange_pb2.ExchangeStatus(
            node_id=own,
            fingerprint=fingerprint(register.directory.nodes[own]),
            register_version=register.directory.version,
            register_freshness=exchange_pb2.RegisterFreshness.ValueType(register.standing),
            register_age_seconds=int(register.age.total_seconds()) if register.age else 0,
            links=[await self._link(peer) for peer in self._peers(own)],
            log_size=edge.size,
            log_root=edge.root().hex(),
            renewal_failure=self._renewer.failure,
        )
        if expires := self._expires():
            status.certificate_expire_time.FromDatetime(expires)
        kept = SqlWitness(current_session())
        status.cosignatures.extend(cosignature for _, cosignature in await kept.own())
        if status.cosignatures:
            newest = max(status.cosignatures, key=lambda one: one.cosign_time.seconds)
            status.last_cosign_time.CopyFrom(newest.cosign_time)
        status.log_alarms.extend(await kept.alarms(_MOST_ALARMS))
        for waiting in await SqlInvitations(current_session()).waiting():
            node = register_pb2.Node.FromString(waiting.candidate or b"")
            candidate = status.candidates.add(
                node_id=node.node_id,
                countries=node.countries,
                fingerprint=fingerprint(node),
                invited_by=waiting.invited_by,
            )
            if waiting.enrol_time:
                candidate.enrol_time.FromDatetime(waiting.enrol_time)
        return status

    async def RevokeNode(self, request: exchange_pb2.RevokeNodeRequest, context: Any) -> Empty:
        """At the centre: cuts a node off."""
        if current_call().principal.country != self._house.seams.country:
            raise Refused("PERMISSION_DENIED")
        work = await self._house.on(current_session())
        known = await work.held_register()
        if self._authority is None or known is None:
            raise Refused("NOT_FOUND", name=request.node_id)
        await revoke(work, self._authority, known, request.node_id, request.unit)
        return Empty()

    async def ConfirmNode(self, request: exchange_pb2.ConfirmNodeRequest, context: Any) -> Empty:
        """At the centre: puts a node into the register that has enrolled, on a second person's word."""
        if current_call().principal.country != self._house.seams.country:
            raise Refused("PERMISSION_DENIED")
        work = await self._house.on(current_session())
        known = await work.held_register()
        if self._authority is None or known is None:
            raise Refused("NOT_FOUND", name=request.node_id)
        if not self._house.register.standing.admits:
            raise Refused("REGISTER_NOT_FRESH")
        await confirm(work, SqlInvitations(current_session()), self._authority, known, request)
        return Empty()

    async def RenewNode(self, request: exchange_pb2.RenewNodeRequest, context: Any) -> exchange_pb2.RenewNodeResponse:
        """Has this node get new certificates from the centre at once, and new keys if wanted."""
        if current_call().principal.country != self._house.seams.country:
            raise Refused("PERMISSION_DENIED")
        register = self._house.register
        if register.current is None:
            raise Refused("NOT_ENROLLED")
        self._renewer.ask(Wish(request.rotate_keys, request.compromised))
        response = exchange_pb2.RenewNodeResponse(fingerprint=fingerprint(register.directory.nodes[self._own]))
        if expires := self._expires():
            response.certificate_expire_time.FromDatetime(expires)
        return response

    @property
    def _own(self) -> str:
        return self._house.keys.node_id

    def _expires(self) -> datetime | None:
        held = self._house.folder.read(CERTIFICATE)
        return expiry_of(held) if held else None

    def _peers(self, own: str) -> list[register_pb2.Node]:
        directory = self._house.register.directory
        at_centre = directory.nodes[own].centre
        return [node for node in directory.nodes.values() if node.node_id != own and (at_centre or node.centre)]

    async def _link(self, peer: register_pb2.Node) -> exchange_pb2.Link:
        numbers = await link_numbers(current_session(), peer.node_id)
        heard = self._links.heard(peer.node_id)
        link = exchange_pb2.Link(
            peer=peer.node_id,
            connected=heard is not None or await pod_with(current_session(), link_to(peer.node_id)) is not None,
            waiting={
                handling_pb2.Urgency.Name(handling_pb2.Urgency.ValueType(urgency)).removeprefix("URGENCY_"): count
                for urgency, count in numbers.waiting.items()
            },
            drift_millis=numbers.drift_millis,
            fingerprint=fingerprint(peer),
            set_aside=numbers.set_aside,
            revoked=peer.revoked,
        )
        if contact := heard or numbers.last_contact:
            link.last_contact_time.FromDatetime(contact)
        if numbers.oldest:
            link.oldest_time.FromDatetime(numbers.oldest)
        return link
