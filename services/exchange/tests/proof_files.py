"""What people do with proofs, as calls to a node."""

import grpc
import pytest
from google.rpc import error_details_pb2

from bluepacific.exchange.v1 import proof_service_pb2 as proofs_pb2
from bluepacific.exchange.v1 import proof_service_pb2_grpc as proofs_grpc
from bp_kit.testing.harness import detail, status_of_error

OFFICER = "data_protection_officer"


async def export(node, message_id, *roles, country=None, with_content=False):
    """Returns the file that a person of a node gets."""
    stub = proofs_grpc.ProofServiceStub(node.people)
    name = f"countries/{country or node.settings.countries[0]}/messages/{message_id}"
    request = proofs_pb2.ExportProofRequest(name=name, with_content=with_content)
    token = node.token(*(roles or (OFFICER,)), country=country)
    return b"".join([piece.data async for piece in stub.ExportProof(request, metadata=token)])


async def root_of(node):
    stub = proofs_grpc.ProofServiceStub(node.people)
    return (await stub.GetRegister(proofs_pb2.GetRegisterRequest(), metadata=node.token("auditor"))).roots[0]


async def refused(call, reason):
    with pytest.raises(grpc.RpcError) as error:
        await call
    assert detail(status_of_error(error.value), error_details_pb2.ErrorInfo()).reason == reason
