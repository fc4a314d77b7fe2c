"""Certifies the key of this node's tokens, and checks those of others by the register."""

from __future__ import annotations

from typing import Any

from bluepacific.exchange.v1 import exchange_service_pb2 as exchange_pb2
from bluepacific.exchange.v1 import trust_service_pb2 as pb
from bluepacific.exchange.v1 import trust_service_pb2_grpc
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.protocol.token_key import certify, check


class TrustServicer(trust_service_pb2_grpc.TrustServiceServicer):
    """Whose tokens count.

    Args:
        house: The exchange.
    """

    def __init__(self, house: House) -> None:
        self._house = house

    async def CertifyTokenKey(self, request: pb.CertifyTokenKeyRequest, context: Any) -> pb.CertifyTokenKeyResponse:
        """Certifies the key of this node's identity."""
        await self._house.register.ensure()
        return pb.CertifyTokenKeyResponse(
            certificate=certify(self._house.keys, request.public_key, self._house.seams.clock())
        )

    async def CheckTokenKey(self, request: pb.CheckTokenKeyRequest, context: Any) -> pb.CheckTokenKeyResponse:
        """Checks a certificate of another node."""
        register = self._house.register
        # Another process of this node may have got a newer one: who was revoked is refused at once.
        await register.load()
        directory = register.directory
        said, node = check(request.certificate, directory, self._house.seams.clock())
        return pb.CheckTokenKeyResponse(
            node_id=said.node_id,
            public_key=said.public_key,
            countries=node.countries,
            revoked_units=node.revoked_units,
            own_countries=directory.nodes[self._house.keys.node_id].countries,
            register_freshness=exchange_pb2.RegisterFreshness.ValueType(register.standing),
        )
