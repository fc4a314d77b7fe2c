"""Proofs exported from real nodes, as people ask for them; checked as anybody checks them."""

import asyncio
import json
import sys

from net import message
from proof_files import export, refused, root_of
from sqlalchemy import select

from bluepacific.exchange.v1 import proof_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.usecases import bells
from bp_kit.tables import service_metadata
from bp_verify.checking import check_proof

# Item by item, as the first release sends them; test_batches.py has the second.
FIRST_RELEASE = ("ptccc", "fji", "ton")

STATES = topics_pb2.DeliveryState


async def sent_and_opened(network):
    """A message from Fiji to Tonga that a person there has opened, as Fiji has heard."""
    sent = message()
    await network.fji.send(sent)
    await network.ton.receive()
    await network.ton.report(sent, STATES.DELIVERY_STATE_OPENED)
    await network.fji.receipts(until=STATES.DELIVERY_STATE_OPENED)
    return sent


async def test_every_node_proves_what_it_knows(network):
    sent = await sent_and_opened(network)
    root = await root_of(network.ptccc)
    reports = {}
    for node_id, node in network.nodes.items():
        reports[node_id] = report = check_proof(await export(node, sent.message_id, "auditor"), root)
        assert report.holds, report.faults
        assert (report.node, report.message_id) == (node_id, sent.message_id)
        assert report.envelope is None or report.envelope.author == sent.author
        assert report.content is None
        assert report.head.size == (await node.status()).log_size
        assert report.head.root == (await node.status()).log_root
    assert [entry.event for entry in reports["fji"].entries] == ["SENT", "HEARD", "HEARD", "HEARD"]
    assert [entry.event for entry in reports["ton"].entries] == ["ACCEPTED", "STATED", "STATED", "STATED"]
    assert [entry.event for entry in reports["ptccc"].entries] == ["RELAYED"]
    for node_id in ("fji", "ton"):
        assert [one.state for one in reports[node_id].receipts] == ["ACCEPTED", "DELIVERED", "OPENED"]
        assert {one.node for one in reports[node_id].receipts} == {"ton"}
    assert reports["fji"].envelope.sha256 == reports["ton"].envelope.sha256


async def test_a_relay_whose_bytes_are_gone_still_proves_which_envelope_passed(network):
    sent = await sent_and_opened(network)
    await network.ptccc.drained("ton")
    report = check_proof(await export(network.ptccc, sent.message_id), await root_of(network.fji))
    assert report.holds
    assert report.envelope is None
    sender = check_proof(await export(network.fji, sent.message_id), await root_of(network.fji))
    assert any(sender.envelope.sha256 in note for note in report.notes)


async def test_the_content_is_for_officers_of_its_countries_where_it_can_be_opened(network):
    sent = await sent_and_opened(network)
    raw = await export(network.ton, sent.message_id, with_content=True)
    report = check_proof(raw, await root_of(network.ton))
    assert report.holds
    assert (report.content.tlp, report.content.payload_bytes) == ("AMBER", len(sent.payload))
    assert sent.payload in raw
    assert sent.payload not in await export(network.ton, sent.message_id)
    await refused(export(network.ton, sent.message_id, "auditor", with_content=True), "PERMISSION_DENIED")
    await refused(export(network.ptccc, sent.message_id, with_content=True), "PERMISSION_DENIED")
    await refused(export(network.fji, sent.message_id, with_content=True), "CONTENT_NOT_HERE")


async def test_who_may_not_see_a_message_cannot_tell_it_from_none(network):
    sent = await sent_and_opened(network)
    await refused(export(network.fji, sent.message_id, "officer"), "PERMISSION_DENIED")
    await refused(export(network.fji, sent.message_id, country="VUT"), "NOT_FOUND")
    await refused(export(network.fji, "01900000-0000-7000-8000-00000000ffff"), "NOT_FOUND")
    await refused(export(network.fji, "nonsense"), "INVALID_FIELD")
    assert check_proof(await export(network.fji, sent.message_id, country="TON"), await root_of(network.ton)).holds


async def test_the_audit_keeps_who_took_which_proof_away(network):
    sent = await sent_and_opened(network)
    await export(network.ton, sent.message_id, with_content=True)
    await refused(export(network.ton, sent.message_id, "auditor", with_content=True), "PERMISSION_DENIED")
    audit = service_metadata().tables["audit"]
    about = select(audit.c.principal, audit.c.outcome, audit.c.detail).where(
        audit.c.name == f"countries/TON/messages/{sent.message_id}"
    )
    async with network.ton.exchange.house.database.read() as session:
        rows = (await session.execute(about.order_by(audit.c.position))).all()
    assert {row.principal for row in rows} == {"countries/TON/officers/it"}
    assert sorted(row.outcome for row in rows) == ["OK", "OK", "PERMISSION_DENIED"]
    assert all(row.detail["request_sha256"] for row in rows)


async def test_a_message_that_stays_here_is_proven_by_the_log_alone(network):
    sent = message(recipients=["countries/FJI/units/tcu"])
    await network.fji.send(sent)
    report = check_proof(await export(network.fji, sent.message_id), await root_of(network.fji))
    assert report.holds
    assert report.envelope is None
    assert [entry.event for entry in report.entries] == ["SENT"]


async def test_the_proof_holds_after_its_sender_was_revoked(network):
    sent = await sent_and_opened(network)
    root = await root_of(network.fji)
    await network.ptccc.revoke("ton")
    await network.fji.until(
        lambda: network.fji.exchange.house.register.directory.nodes["ton"].revoked, bells.REGISTER_CURRENT
    )
    report = check_proof(await export(network.fji, sent.message_id), root)
    assert report.holds
    assert any("ton is revoked" in note for note in report.notes)


async def run_program(*arguments):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bp_verify",
        *(str(argument) for argument in arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_the_program_says_what_is_proven_and_what_was_changed(network, tmp_path):
    sent = await sent_and_opened(network)
    file, root, changed = tmp_path / "proof", tmp_path / "root.json", tmp_path / "changed"
    file.write_bytes(await export(network.fji, sent.message_id))
    root.write_bytes(await root_of(network.ton))
    code, out, err = await run_program(file, "--root", root)
    assert (code, err) == (0, "")
    assert "countries/FJI/units/ncb sent bluepacific.cooperation.v1.request.opened through node fji" in out
    assert "OPENED at countries/TON/units/ncb, as ton signed" in out
    assert "everything in this proof verifies" in out
    code, out, _ = await run_program(file, "--root", root, "--json")
    document = json.loads(out)
    assert document["holds"]
    assert document["envelope"]["recipients"] == ["countries/TON/units/ncb"]

    proof = proof_pb2.Proof.FromString(proof_pb2.ProofFile.FromString(file.read_bytes()).proof)
    later = topics_pb2.Receipt.FromString(proof.receipts[0].receipt)
    later.state_time.seconds += 86400
    proof.receipts[0].receipt = later.SerializeToString()
    changed.write_bytes(proof_pb2.ProofFile(proof=proof.SerializeToString()).SerializeToString())
    code, out, _ = await run_program(changed, "--root", root)
    assert code == 1
    assert "WRONG: receipt 1: its signature is not ton's" in out
    assert "do not rely on this proof" in out
