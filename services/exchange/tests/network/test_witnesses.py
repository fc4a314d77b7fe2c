"""Logs are watched: by the centre, and by one neighbour through it."""

import grpc  # noqa: F401 - its threads before asyncio's
import pytest
from net import Network, eventually, message
from sqlalchemy import delete, select, update

from bluepacific.exchange.v1 import log_pb2
from bluepacific.exchange.v1 import proof_service_pb2 as proofs_pb2
from bluepacific.exchange.v1 import proof_service_pb2_grpc as proofs_grpc
from bp_exchange.adapters.tables import CosignatureRow, LogRow, NodeRow, WitnessedHeadRow
from bp_exchange.protocol.merkle import Edge
from bp_kit.ports import new_id
from bp_verify.checking import check_proof
from bp_verify.merkle import leaf_hash


async def again(network, node_id):
    """A contact that begins anew."""
    link = network.ptccc.exchange.links.to(node_id)
    network.nodes[node_id].cable.cut()

    async def other():
        return network.ptccc.exchange.links.heard(node_id) and network.ptccc.exchange.links.to(node_id) is not link

    await eventually(other, 60)


async def size_of(node):
    return (await node.status()).log_size


async def cosigned_by(node, witness, least):
    async def kept():
        return await node.count(CosignatureRow, CosignatureRow.witness == witness, CosignatureRow.size >= least)

    return await eventually(kept, 60)


async def sent_and_cosigned(network):
    sent = message()
    await network.fji.send(sent)
    await network.ton.receive()
    await network.fji.drained("ptccc")
    await network.ton.drained("ptccc")
    await again(network, "fji")
    for witness in ("ptccc", "ton"):
        await cosigned_by(network.fji, witness, 1)
    return sent


async def proof_of(node, sent):
    stub = proofs_grpc.ProofServiceStub(node.people)
    name = f"countries/{node.settings.countries[0]}/messages/{sent.message_id}"
    token = node.token("data_protection_officer")
    request = proofs_pb2.ExportProofRequest(name=name)
    file = b"".join([one.data async for one in stub.ExportProof(request, metadata=token)])
    root = (await stub.GetRegister(proofs_pb2.GetRegisterRequest(), metadata=token)).roots[0]
    return check_proof(file, root)


async def rewritten(node, keep):
    """Changes the log in a node's database behind its back: the first leaves stay, others follow."""
    async with node.exchange.house.database.write() as session:
        await session.execute(delete(LogRow).where(LogRow.position >= keep))
        edge = Edge()
        for entry in await session.scalars(select(LogRow.entry).order_by(LogRow.position)):
            edge = edge.append(leaf_hash(entry))
        await session.execute(update(NodeRow).values(log_size=edge.size, log_edge=b"".join(edge.roots)))
        await session.execute(delete(CosignatureRow))


async def alarms_of(node):
    return {(one.node_id, log_pb2.LogAlarmKind.Name(one.kind)[15:]) for one in (await node.status()).log_alarms}


async def test_the_centre_and_a_neighbour_cosign_and_the_proof_shows_it(network):
    sent = await sent_and_cosigned(network)
    await again(network, "fji")
    for witness in ("ptccc", "ton"):
        await cosigned_by(network.fji, witness, await size_of(network.fji))
    status = await network.fji.status()
    assert {one.witness for one in status.cosignatures} == {"ptccc", "ton"}
    assert status.HasField("last_cosign_time")
    report = await proof_of(network.fji, sent)
    assert report.holds, report.faults
    assert {one.witness for one in report.witnesses if one.covers} == {"ptccc", "ton"}
    assert not any("no other node" in note for note in report.notes)
    assert await alarms_of(network.ptccc) == set()


async def test_a_log_that_goes_on_growing_is_proven_to_have_only_grown(network):
    await sent_and_cosigned(network)
    for number in range(3):
        await network.fji.send(message(conversation=f"countries/FJI/requests/{number}"))
        await network.ton.receive()
        await network.fji.drained("ptccc")
        await again(network, "fji")
        await cosigned_by(network.fji, "ptccc", 2 + number)
    assert await alarms_of(network.ptccc) == set()
    assert await alarms_of(network.ton) == set()


async def test_a_shorter_log_of_the_same_incarnation_is_an_alarm(network):
    await sent_and_cosigned(network)
    await rewritten(network.fji, keep=1)
    await again(network, "fji")

    async def raised():
        return await alarms_of(network.ptccc)

    assert await eventually(raised, 60) == {("fji", "ROLLED_BACK")}
    assert (await network.fji.status()).log_size >= 1


async def test_a_log_with_other_entries_is_an_alarm(network):
    await sent_and_cosigned(network)
    await rewritten(network.fji, keep=0)
    network.fji.cable.unplug()
    for number in range(8):
        await network.fji.send(message(conversation=f"countries/FJI/requests/{number}"))
    network.fji.cable.plug()
    await network.fji.linked("ptccc")

    async def raised():
        return await alarms_of(network.ptccc)

    assert ("fji", "FORKED") in await eventually(raised, 60)


async def test_a_restored_node_is_told_apart_and_goes_on_being_witnessed(network):
    await sent_and_cosigned(network)
    await network.fji.stop()
    await network.fji.start()
    size = await size_of(network.fji)
    await network.fji.send(message(conversation="countries/FJI/requests/2"))
    await network.fji.drained("ptccc")
    await again(network, "fji")
    await cosigned_by(network.fji, "ptccc", size + 1)
    # As `node restore` does with a backup of then.
    await rewritten(network.fji, keep=size)
    async with network.fji.exchange.house.database.write() as session:
        await session.execute(update(NodeRow).values(incarnation=new_id(), sequence=0))
    await again(network, "fji")

    async def raised():
        return await alarms_of(network.ptccc)

    assert await eventually(raised, 60) == {("fji", "RESTORED")}
    await cosigned_by(network.fji, "ptccc", 1)
    assert await network.ptccc.count(WitnessedHeadRow, WitnessedHeadRow.node_id == "fji") >= 2


@pytest.mark.parametrize("kind", ["postgres"])
async def test_on_the_other_database_too(tmp_path, kind):
    async with Network(tmp_path, kind) as network:
        sent = await sent_and_cosigned(network)
        assert (await proof_of(network.fji, sent)).holds
