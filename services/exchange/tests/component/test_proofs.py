import uuid

from net import message

from bluepacific.exchange.v1 import proof_service_pb2 as proofs_pb2
from bluepacific.exchange.v1 import proof_service_pb2_grpc as proofs_grpc
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2

OFFICER = "countries/FJI/officers/dpo"


async def export(fji, message_id, country="FJI", **fields):
    stub = proofs_grpc.ProofServiceStub(fji.channel)
    request = proofs_pb2.ExportProofRequest(name=f"countries/{country}/messages/{message_id}", **fields)
    token = fji.token(OFFICER, roles=["data_protection_officer@ncb"])
    return [piece async for piece in stub.ExportProof(request, metadata=token)]


async def test_before_enrolment_there_is_nothing_to_check_a_proof_with(fji, topics):
    sent = message(recipients=["countries/FJI/units/tcu"])
    await topics.Send(topics_pb2.SendRequest(message=sent))
    await fji.refused(export(fji, sent.message_id), reason="NOT_ENROLLED")
    stub = proofs_grpc.ProofServiceStub(fji.channel)
    token = fji.token(OFFICER, roles=["auditor@ncb"])
    await fji.refused(stub.GetRegister(proofs_pb2.GetRegisterRequest(), metadata=token), reason="NOT_ENROLLED")


async def test_a_name_that_cannot_be_is_refused_by_its_field(fji):
    for bad in ("nonsense", "", str(uuid.uuid4()).upper(), f"{uuid.uuid4()}/x"):
        await fji.refused(export(fji, bad), reason="INVALID_FIELD", field="name")
    await fji.refused(export(fji, uuid.uuid4(), country="TON"), reason="PERMISSION_DENIED")
    await fji.refused(export(fji, uuid.uuid4()), reason="NOT_FOUND")
