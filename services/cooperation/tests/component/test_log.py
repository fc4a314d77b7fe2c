"""Who sent, received, opened and decided what: for the data-protection officer, and nobody else."""

from bureau import FJI, TON

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import directive_pb2
from bluepacific.cooperation.v1 import log_service_pb2 as pb
from bluepacific.cooperation.v1 import log_service_pb2_grpc as log_grpc


async def entries(bureau, as_=None, **fields):
    officer = bureau.as_("dora", "data_protection_officer@ncb", purpose="DATA_PROTECTION")
    request = pb.ListLogEntriesRequest(parent=f"countries/{bureau.country}", **fields)
    return await log_grpc.LogServiceStub(bureau.under_test.channel).ListLogEntries(request, metadata=as_ or officer)


async def test_it_tells_who_did_what_and_when_for_which_purpose(fji, ton):
    sent = await fji.sent_request(title="FV Moana Star")
    await fji.pass_on("request.opened", ton)
    await ton.get(sent.name)
    await fji.recall(sent.name, ground=directive_pb2.DIRECTIVE_GROUND_LEGAL_OBLIGATION)
    await fji.pass_on("directive.issued", ton)

    about = f'subject = "{sent.name}"'
    at_ton = [*(await entries(ton, filter=about)).log_entries]
    assert [(one.principal, one.act, one.outcome) for one in reversed(at_ton)] == [
        (TON, "received/request.opened", "OK"),
        ("countries/TON/officers/ana", "RequestService/GetRequest", "OK"),
        (TON, "received/directive.issued", "OK"),
    ]
    assert {one.author for one in at_ton if one.principal == TON} == {FJI}
    assert at_ton[1].purpose == handling_pb2.PURPOSE_INVESTIGATION
    at_fji = [one.act for one in (await entries(fji, filter=about)).log_entries]
    assert {"RequestService/SendRequest", "DirectiveService/RecallRequest"} <= {*at_fji}
    assert b"Moana" not in (await entries(fji)).SerializeToString()

    opened = 'act = "RequestService/GetRequest" AND purpose = "INVESTIGATION"'
    (one,) = (await entries(ton, filter=opened)).log_entries
    assert one.principal == "countries/TON/officers/ana"
    # Reading it is an entry itself.
    own = (await entries(ton, filter='act = "LogService/ListLogEntries"')).log_entries
    assert own
    assert {entry.principal for entry in own} == {"countries/TON/officers/dora"}
    page = await entries(ton, page_size=1)
    assert len(page.log_entries) == 1
    assert (await entries(ton, page_size=1, page_token=page.next_page_token)).log_entries[0] != page.log_entries[0]


async def test_what_was_refused_on_arrival_is_in_it(fji, ton):
    sent = await fji.sent_request()
    carried = await fji.pass_on("request.opened")
    carried.author = TON
    await ton.topics.deliver(carried)
    (one,) = (await entries(ton, filter=f'outcome = "PERMISSION_DENIED" AND subject = "{sent.name}"')).log_entries
    assert (one.principal, one.author) == (TON, TON)


async def test_what_a_country_is_told_of_an_operation_is_in_it(fji, ton):
    operation = await fji.make_operation()
    member = await fji.add_member(operation.name, "countries/TON/officers/mele")
    await fji.pass_on("operation.changed", ton)
    await fji.remove_member(member.name)
    about = f'subject = "{operation.name}"'
    (told,) = (await entries(ton, filter=about)).log_entries
    assert (told.principal, told.act, told.author) == ("countries/TON", "received/operation.changed", FJI)
    acts = [one.act for one in (await entries(fji, filter='principal = "countries/FJI/officers/ana"')).log_entries]
    made = ["CreateOperation", "CreateMember", "DeleteMember"]
    assert acts == [f"OperationService/{one}" for one in reversed(made)]


async def test_nobody_else_reads_it_and_nobody_reads_anothers(fji):
    for roles in (["officer@ncb"], ["administrator@ncb"], ["auditor@ncb"]):
        as_ = fji.as_("ana", *roles, purpose="DATA_PROTECTION")
        await fji.refused(entries(fji, as_=as_), "PERMISSION_DENIED")
    without = fji.as_("dora", "data_protection_officer@ncb", purpose="")
    await fji.refused(entries(fji, as_=without), "PURPOSE_REQUIRED")
    fji.country = "TON"
    await fji.refused(entries(fji, as_=_of_fiji(fji)), "PERMISSION_DENIED")
    fji.country = "FJI"
    await fji.refused(entries(fji, filter="bogus = 1"), "INVALID_FILTER")


def _of_fiji(bureau):
    bureau.country = "FJI"
    found = bureau.as_("dora", "data_protection_officer@ncb", purpose="DATA_PROTECTION")
    bureau.country = "TON"
    return found
