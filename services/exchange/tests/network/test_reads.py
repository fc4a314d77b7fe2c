"""Reads of personal data at real nodes: in the log, provable one by one, told to the country whose records they were."""

import uuid
from datetime import timedelta

from net import eventually, message
from proof_files import export, refused, root_of

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import log_pb2, proof_pb2, read_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.workers.housekeeping import ReadKeeper
from bp_verify.checking import check_proof
from bp_verify.telling import lines_of

OWN = "countries/TON/requests/0198c0de-0000-7000-8000-000000000001"
FIJIS = "countries/FJI/requests/0198c0de-0000-7000-8000-000000000002"
LISI, TEVITA = "countries/TON/officers/lisi", "countries/TON/officers/tevita"


def read_of(record, principal, *, allowed=True):
    read = read_pb2.Read(
        read_id=str(uuid.uuid4()),
        record=record,
        principal=principal,
        permission="cooperation.requests.get",
        purpose=handling_pb2.PURPOSE_INVESTIGATION,
        allowed=allowed,
    )
    read.read_time.GetCurrentTime()
    return read


async def record(node, *reads, batch_id=""):
    request = topics_pb2.RecordReadsRequest(batch_id=batch_id or str(uuid.uuid4()), reads=reads)
    await node.topics.RecordReads(request)
    return request


async def reads_at(node, *names, lists=()):
    request = topics_pb2.ListReadsRequest(records=names, lists=lists)
    return list((await node.topics.ListReads(request)).reads)


async def told(node, name, count):
    async def all_of_them():
        found = await reads_at(node, name)
        return found if len(found) >= count else None

    return await eventually(all_of_them)


async def test_each_read_of_a_batch_is_proven_without_the_others(network):
    reads = [read_of(OWN, LISI), read_of(FIJIS, TEVITA), read_of(f"{OWN}/replies/1", LISI, allowed=False)]
    sent = await record(network.ton, *reads)
    root = await root_of(network.fji)
    for read in reads:
        raw = await export(network.ton, read.read_id, "auditor")
        report = check_proof(raw, root)
        assert report.holds, report.faults
        assert (report.read.record, report.read.principal, report.read.node) == (read.record, read.principal, "ton")
        assert report.read.allowed == read.allowed
        assert [entry.event for entry in report.entries] == ["READ"]
        assert any(read.principal in line for line in lines_of(report))
        proof = proof_pb2.Proof.FromString(proof_pb2.ProofFile.FromString(raw).proof)
        entry = log_pb2.LogEntry.FromString(proof.entries[0].entry)
        assert entry.envelope_id == sent.batch_id
        # The log forgets nothing, so it names nobody.
        assert b"officers" not in proof.entries[0].entry
        others = {one.record.encode() for one in reads if one.record not in read.record}
        assert not any(name in raw for name in others if name not in read.record.encode())


async def test_a_changed_read_is_noticed(network):
    read = read_of(OWN, LISI)
    await record(network.ton, read)
    raw = await export(network.ton, read.read_id)
    file = proof_pb2.ProofFile.FromString(raw)
    proof = proof_pb2.Proof.FromString(file.proof)
    proof.read.read = proof.read.read.replace(b"lisi", b"seru")
    changed = proof_pb2.ProofFile(proof=proof.SerializeToString(deterministic=True), signature=file.signature)
    report = check_proof(changed.SerializeToString(deterministic=True), await root_of(network.ton))
    assert report.read is None
    assert "read" in {fault.part for fault in report.faults}


async def test_a_batch_counts_once_and_its_order_is_kept(network):
    reads = [read_of(OWN, LISI), read_of(OWN, TEVITA)]
    sent = await record(network.ton, *reads)
    size = (await network.ton.status()).log_size
    await record(network.ton, *reads, batch_id=sent.batch_id)
    assert (await network.ton.status()).log_size == size
    assert {one.principal for one in await reads_at(network.ton, OWN)} == {LISI, TEVITA}


async def test_the_owner_hears_of_reads_abroad_once_its_node_is_back_and_nobody_is_named(network):
    await network.fji.stop()
    reads = [read_of(FIJIS, LISI), read_of(f"{FIJIS}/replies/2", LISI), read_of(FIJIS, TEVITA, allowed=False)]
    await record(network.ton, *reads, read_of(OWN, LISI))
    await network.fji.start()
    found = await told(network.fji, FIJIS, 3)
    assert {one.read_id for one in found} == {one.read_id for one in reads}
    assert {one.node_id for one in found} == {"ton"}
    assert [one.allowed for one in found].count(False) == 1
    names = {one.principal for one in found}
    assert len(names) == 2
    assert all(name.startswith("countries/TON/readers/") for name in names)
    assert not await reads_at(network.fji, OWN)
    # What another node told is that node's to prove.
    await refused(export(network.fji, reads[0].read_id), "NOT_FOUND")


async def test_nobody_tells_of_reads_in_another_countrys_name(network):
    forged = read_pb2.ReadsReported(reads=[read_of(FIJIS, "countries/WSM/officers/ioane"), read_of(OWN, LISI)])
    genuine = read_pb2.ReadsReported(reads=[read_of(FIJIS, LISI)])
    for payload in (forged.SerializeToString(), b"\xff", genuine.SerializeToString()):
        await network.ton.send(
            topics_pb2.Message(
                message_id=str(uuid.uuid4()),
                topic="bluepacific.exchange.v1.reads",
                author="countries/TON",
                recipients=["countries/FJI"],
                urgency=handling_pb2.URGENCY_ROUTINE,
                payload=payload,
            )
        )
    assert [one.read_id for one in await told(network.fji, FIJIS, 1)] == [genuine.reads[0].read_id]
    assert not await reads_at(network.fji, OWN)


async def test_who_takes_a_messages_content_out_has_read_its_record(network):
    """A proof without content is none; one that was asked for in vain is one that was refused."""
    sent = message(conversation=FIJIS)
    await network.fji.send(sent)
    await network.ton.receive()
    await export(network.ton, sent.message_id)
    await refused(export(network.ton, sent.message_id, "auditor", with_content=True), "PERMISSION_DENIED")
    assert sent.payload in await export(network.ton, sent.message_id, with_content=True)
    # Of a stream it is kept that it began; then that it was refused.
    found = await told(network.ton, FIJIS, 3)
    assert {(one.permission, one.record) for one in found} == {("exchange.proofs.export", FIJIS)}
    assert sorted(one.allowed for one in found) == [False, True, True]
    root = await root_of(network.ton)
    report = check_proof(await export(network.ton, found[0].read_id), root)
    assert report.holds
    assert report.read.record == FIJIS
    # The country that sent it hears of it.
    heard = await told(network.fji, FIJIS, 3)
    assert all(one.principal.startswith("countries/TON/readers/") for one in heard)


async def test_lists_are_told_without_what_is_under_them(network):
    collection = "countries/TON/officers"
    await record(network.ton, read_of(LISI, TEVITA), read_of(collection, TEVITA), read_of(TEVITA, LISI))
    found = await reads_at(network.ton, LISI, lists=[collection])
    assert {one.record for one in found} == {LISI, collection}


async def test_reads_are_dropped_after_their_time_batch_by_batch(network):
    node = network.ton
    keeper = ReadKeeper(node.exchange.house, node.settings)
    early, late = read_of(OWN, LISI), read_of(OWN, TEVITA)
    early.read_time.FromDatetime(node.clock() - timedelta(days=1))
    await record(node, early, late)
    node.ahead = node.settings.reads_kept - timedelta(hours=12)
    assert await keeper.drop() == 0
    assert check_proof(await export(node, early.read_id), await root_of(node)).holds
    size = (await node.status()).log_size
    node.ahead = node.settings.reads_kept + timedelta(hours=12)
    assert await keeper.drop() == 2
    assert not await reads_at(node, OWN)
    # The log forgets nothing, and named nobody.
    assert (await node.status()).log_size == size
