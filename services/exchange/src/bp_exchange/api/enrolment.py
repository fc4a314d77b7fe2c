"""Serves enrolment, on the link's listener only."""

from __future__ import annotations

from typing import Any

from bluepacific.exchange.v1 import enrolment_service_pb2 as enrolment_pb2
from bluepacific.exchange.v1 import enrolment_service_pb2_grpc
from bp_exchange.adapters.authority import Authority
from bp_exchange.adapters.invitations import SqlInvitations
from bp_exchange.adapters.peers import may_renew
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.usecases.enrolling import enrol
from bp_exchange.usecases.renewing import renew
from bp_kit.database import current_session
from bp_kit.errors import Refused


class EnrolmentServicer(enrolment_service_pb2_grpc.EnrolmentServiceServicer):
    """Lets nodes in.

    Args:
        house: The centre's exchange.
        authority: The network's.
    """

    def __init__(self, house: House, authority: Authority) -> None:
        self._house = house
        self._authority = authority

    async def Enrol(self, request: enrolment_pb2.EnrolRequest, context: Any) -> enrolment_pb2.EnrolResponse:
        """Takes the node's public keys and gives it a certificate and the register."""
        session = current_session()
        work = await self._house.on(session)
        known = await work.held_register()
        if known is None:
            raise Refused("UNAVAILABLE")
        if not self._house.register.standing.admits:
            raise Refused("REGISTER_NOT_FRESH")
        certificate, trusted = await enrol(work, SqlInvitations(session), self._authority, known, request)
        renewal = self._authority.renewal_of(request.node_id, certificate)
        return enrolment_pb2.EnrolResponse(
            certificate=certificate,
            renewal_certificate=renewal,
            register=trusted.bundle,
            unconfirmed=all(node.node_id != request.node_id for node in trusted.register.nodes),
        )

    async def Renew(self, request: enrolment_pb2.RenewRequest, context: Any) -> enrolment_pb2.RenewResponse:
        """Gives a registered node new certificates, and puts new keys of it into the register."""
        if not await may_renew(context, self._house.register, request.node_id):
            raise Refused("PERMISSION_DENIED")
        work = await self._house.on(current_session())
        known = await work.held_register()
        if known is None:
            raise Refused("UNAVAILABLE")
        certificate, renewal, trusted = await renew(work, self._authority, known, request)
        return enrolment_pb2.RenewResponse(
            certificate=certificate,
            renewal_certificate=renewal,
            authority=self._authority.certificate_pem,
            register=trusted.bundle,
        )
