"""Serves proofs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from google.api import httpbody_pb2

from bluepacific.exchange.v1 import proof_service_pb2 as proofs_pb2
from bluepacific.exchange.v1 import proof_service_pb2_grpc, register_pb2
from bp_exchange.adapters.proving import SqlEvidence
from bp_exchange.adapters.reads import SqlReads
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.usecases.proving import Prover, prove, prove_read
from bp_kit.call import current_call
from bp_kit.errors import Refused

_MEDIA_TYPE = "application/vnd.bluepacific.proof"
_PIECE_BYTES = 256 * 1024


class ProofServicer(proof_service_pb2_grpc.ProofServiceServicer):
    """Exports proofs of this node.

    Args:
        house: The exchange.
    """

    def __init__(self, house: House) -> None:
        self._house = house

    async def ExportProof(
        self, request: proofs_pb2.ExportProofRequest, context: Any
    ) -> AsyncIterator[httpbody_pb2.HttpBody]:
        """Streams a message's proof."""
        house, principal = self._house, current_call().principal
        message_id = request.name.rpartition("/")[2]
        await house.register.ensure()
        prover = Prover(house.keys, house.seams.country, house.register.current, house.seams.clock())
        async with house.database.read() as session:
            evidence, reads = SqlEvidence(session, house.keys.node_id), SqlReads(session)
            # Of reads only this node's own country knows; whoever else asks, nothing is looked for.
            read = await reads.find(message_id) if principal.country == prover.country else None
            if read is not None and read.batch_id:
                file = await prove_read(evidence, prover, read, await reads.batch(read.batch_id))
            else:
                file = await prove(evidence, prover, principal, message_id, with_content=request.with_content)
        raw = file.SerializeToString(deterministic=True)
        told = (("file-name", f"{message_id}.bpproof"), ("file-size", str(len(raw))))
        await context.send_initial_metadata(told)
        for begin in range(0, len(raw), _PIECE_BYTES):
            yield httpbody_pb2.HttpBody(content_type=_MEDIA_TYPE, data=raw[begin : begin + _PIECE_BYTES])

    async def GetRegister(self, request: proofs_pb2.GetRegisterRequest, context: Any) -> register_pb2.RegisterBundle:
        """Shows the register with its signatures."""
        await self._house.register.ensure()
        if self._house.register.current is None:
            raise Refused("NOT_ENROLLED")
        return self._house.register.current.bundle
