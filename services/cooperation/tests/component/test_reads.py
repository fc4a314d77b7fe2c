"""Who read what a unit has sent: in the node's log, and told to the unit."""

import pytest
from stix import bundle, vessel

from bluepacific.cooperation.v1 import read_service_pb2 as pb
from bluepacific.cooperation.v1 import read_service_pb2_grpc as grpc_


def readers(bureau, name, as_=None, **fields):
    stub = grpc_.ReadServiceStub(bureau.under_test.channel)
    return stub.ListReads(pb.ListReadsRequest(parent=name, **fields), metadata=as_ or bureau.officer)


async def test_the_unit_that_sent_it_sees_who_read_it_and_was_refused(fji):
    sent = await fji.sent_request(bundle=bundle(vessel()))
    await fji.get(sent.name)
    await fji.search("moana")
    learner = fji.as_("seru", "learner@ncb")
    await fji.refused(fji.get(sent.name, learner), "PERMISSION_DENIED")
    await fji.topics.wait_reads(3)
    found = [one for one in (await readers(fji, sent.name)).reads if one.permission == "cooperation.requests.get"]
    assert [(one.reader, one.allowed, one.record) for one in found] == [
        ("countries/FJI/officers/seru", False, sent.name),
        ("countries/FJI/officers/ana", True, sent.name),
    ]
    assert found[1].purpose == 2
    assert found[1].name.startswith("countries/FJI/reads/")


async def test_a_read_is_with_the_log_with_its_answer_and_holds_no_content(fji):
    sent = await fji.sent_request(title="FV Canary Bird")
    await fji.listed()
    await fji.get(sent.name)
    reads = await fji.topics.wait_reads(2)
    assert {one.permission for one in reads} == {"cooperation.requests.list", "cooperation.requests.get"}
    assert not any(b"Canary" in one.SerializeToString() for one in reads)


async def test_only_the_sender_and_its_data_protection_officers_see_it(fji, ton):
    sent = await fji.sent_request()
    await fji.pass_on("request.opened", ton)
    await ton.refused(readers(ton, sent.name), "PERMISSION_DENIED")
    await fji.refused(readers(fji, sent.name, fji.as_("seru", "officer@tcu")), "NOT_FOUND")
    dpo = fji.as_("dee", "data_protection_officer@hq", purpose="")
    await readers(fji, sent.name, dpo)
    foreign = ton.as_("lisi", "data_protection_officer@ncb", purpose="")
    await ton.refused(readers(ton, sent.name, foreign), "PERMISSION_DENIED")


@pytest.mark.parametrize("name", ["countries/FJI/requests/nonsense", "countries/FJI/requests", ""])
async def test_a_name_that_cannot_be_is_refused(fji, name):
    await fji.refused(readers(fji, name), "INVALID_FIELD", field="parent")
