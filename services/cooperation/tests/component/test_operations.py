"""Joint operations: who leads and changes them, who takes part, and whom what belongs to them is for."""

from datetime import UTC, datetime, timedelta

import pytest
from archive import FOR_EVER, Clock
from bureau import AMBER, FJI, OPERATION, TON
from google.protobuf.timestamp_pb2 import Timestamp
from stix import bundle, vessel

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import access_service_pb2 as access_pb
from bluepacific.cooperation.v1 import operation_service_pb2 as operations_pb2
from bluepacific.cooperation.v1.access_service_pb2_grpc import AccessServiceStub
from bp_kit.testing.subjects import ask_about, stands

ANA, SIONE, MELE = (f"countries/{one}" for one in ("FJI/officers/ana", "FJI/officers/sione", "TON/officers/mele"))


def of(operation, tlp=handling_pb2.TLP_AMBER):
    return handling_pb2.Handling(tlp=tlp, purpose=AMBER.purpose, operation=operation)


def at(moment):
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def ahead(**amount):
    return at(datetime.now(UTC) + timedelta(**amount))


async def test_who_makes_it_takes_part_and_others_of_the_unit_do_not(fji):
    made = await fji.make_operation()
    assert (made.unit, made.display_name) == (FJI, OPERATION)
    assert await fji.members(made.name) == [ANA]
    sione = fji.as_("sione", "officer@ncb")
    await fji.refused(fji.operation(made.name, sione), "NOT_FOUND")
    await fji.refused(fji.members(made.name, sione), "NOT_FOUND")
    await fji.refused(fji.add_member(made.name, SIONE, sione), "NOT_FOUND")
    assert await fji.listed_operations(sione) == []
    assert [one.name for one in await fji.listed_operations()] == [made.name]


async def test_the_head_of_the_unit_changes_it_without_taking_part(fji):
    made = await fji.make_operation()
    head = fji.as_("vili", "ncb_head@ncb")
    request = await fji.draft(handling=of(made.name))
    # Who takes part is the head's to say; what belongs to it is for those who do.
    assert (await fji.operation(made.name, head)).display_name == OPERATION
    await fji.refused(fji.get(request.name, head), "NOT_FOUND")
    await fji.add_member(made.name, "countries/FJI/officers/vili", head)
    assert (await fji.get(request.name, head)).title
    # The head of another unit has no part in it.
    await fji.refused(fji.operation(made.name, fji.as_("tevita", "ncb_head@customs")), "NOT_FOUND")


async def test_lists_have_pages_and_filters(fji):
    made = [await fji.make_operation(display_name=f"Lali {number}") for number in range(3)]
    names = [one.name for one in reversed(made)]
    request = operations_pb2.ListOperationsRequest(parent="countries/FJI", page_size=2)
    first = await fji.operations.ListOperations(request, metadata=fji.officer)
    request.page_token = first.next_page_token
    rest = await fji.operations.ListOperations(request, metadata=fji.officer)
    assert [one.name for one in (*first.operations, *rest.operations)] == names
    assert rest.next_page_token == ""
    found = await fji.listed_operations(filter='display_name = "Lali 1"')
    assert [one.name for one in found] == [made[1].name]
    assert await fji.listed_operations(parent="countries/TON") == []
    await fji.refused(fji.listed_operations(filter="colour = 1"), "INVALID_FILTER")


async def test_it_is_changed_with_what_was_read_only(fji):
    made = await fji.make_operation(end_time=ahead(days=1))
    other = await fji.change_operation(type(made)(name=made.name, display_name="Lali", etag=made.etag))
    assert (other.display_name, other.end_time) == ("Lali", made.end_time)
    await fji.refused(fji.change_operation(made, "display_name"), "ETAG_MISMATCH")
    without_end = type(made)(name=made.name, etag=other.etag)
    changed = await fji.change_operation(without_end, "end_time")
    assert (changed.display_name, changed.HasField("end_time")) == ("Lali", False)
    await fji.refused(fji.change_operation(changed, "unit"), "INVALID_FIELD")
    changed.display_name = " "
    await fji.refused(fji.change_operation(changed), "INVALID_FIELD")


async def test_what_cannot_be_is_refused_and_changes_nothing(fji):
    made = await fji.make_operation()
    gone = at(datetime(2020, 1, 1, tzinfo=UTC))
    for call in (
        fji.make_operation(display_name="  "),
        fji.make_operation(end_time=gone),
        fji.add_member(made.name, SIONE, end_time=gone),
        fji.add_member(made.name, "countries/QQQ/officers/nobody"),
        fji.add_member(made.name, "countries/FJI/units/ncb"),
    ):
        await fji.refused(call, "INVALID_FIELD")
    await fji.add_member(made.name, SIONE)
    await fji.refused(fji.add_member(made.name, SIONE), "ALREADY_EXISTS")
    sione = fji.as_("sione", "officer@customs")
    # Who takes part but acts for another unit cannot change it.
    await fji.refused(fji.add_member(made.name, MELE, sione), "PERMISSION_DENIED")
    assert await fji.members(made.name) == [ANA, SIONE]
    assert await fji.members(made.name, filter='country = "TON"') == []
    assert len(await fji.listed_operations()) == 1


async def test_an_operation_has_so_many_members_at_most(fji, monkeypatch):
    monkeypatch.setattr("bp_cooperation.domain.operation.MAX_MEMBERS", 2)
    made = await fji.make_operation()
    await fji.add_member(made.name, SIONE)
    await fji.refused(fji.add_member(made.name, MELE), "MEMBER_LIMIT_REACHED")


async def joint(fji, ton, *members, **fields):
    """Returns an operation that Fiji leads, with members in Tonga whose node knows it, and a request of it that has come there."""
    operation = await fji.make_operation(**fields)
    for number, officer in enumerate(members, 1):
        await fji.add_member(operation.name, officer)
        await fji.pass_on("operation.changed", ton, count=number)
    draft = await fji.draft(handling=of(operation.name), bundle=bundle(vessel()), recipients=[TON])
    file = await fji.upload(draft.name, b"papers")
    await fji.send(draft.name)
    await fji.pass_on("request.opened", ton)
    return operation, draft.name, file.name


async def is_hidden(bureau, name, file, who):
    unknown = name[:-12] + "0" * 12
    for call in (bureau.get(name, who), bureau.get(unknown, who), bureau.download(file, who)):
        await bureau.refused(call, "NOT_FOUND")
    assert not (await bureau.listed(who)).requests
    assert not (await bureau.search("moana", who)).entities
    await bureau.refused(bureau.draft_reply(name, as_=who), "NOT_FOUND")


async def test_a_member_abroad_sees_what_another_of_the_same_unit_does_not(fji, ton):
    operation, name, file = await joint(fji, ton, MELE)
    mele, sione = ton.as_("mele", "officer@ncb"), ton.as_("sione", "officer@ncb")
    assert (await ton.get(name, mele)).handling.operation == operation.name
    assert await ton.download(file, mele)
    its = f'operation = "{operation.name}"'
    assert len((await ton.listed(mele, filter=its)).requests) == 1
    assert len((await ton.search("moana", mele, filter=its)).entities) == 1
    assert (await ton.operation(operation.name, mele)).display_name == OPERATION
    # Who else takes part is known where they are.
    assert await ton.members(operation.name, mele) == [MELE]
    assert await fji.members(operation.name) == [ANA, MELE]
    await is_hidden(ton, name, file, sione)
    await ton.refused(ton.operation(operation.name, sione), "NOT_FOUND")
    # Taking part opens nothing without a role where the record is.
    await ton.refused(ton.get(name, ton.as_("mele", "officer@customs")), "NOT_FOUND")
    await ton.refused(ton.add_member(operation.name, "countries/TON/officers/sione", mele), "PERMISSION_DENIED")


async def test_who_is_taken_out_sees_no_more_at_home_and_abroad(fji, ton):
    operation, name, file = await joint(fji, ton, MELE)
    mele = ton.as_("mele", "officer@ncb")
    assert await ton.get(name, mele)
    request = operations_pb2.ListMembersRequest(parent=operation.name)
    listed = (await fji.operations.ListMembers(request, metadata=fji.officer)).members
    removed = next(one for one in listed if one.officer == MELE)
    await fji.remove_member(removed.name)
    await fji.refused(fji.remove_member(removed.name), "NOT_FOUND")
    carried = await fji.pass_on("operation.changed", ton, count=2)
    assert carried.urgency == handling_pb2.URGENCY_FLASH
    assert (carried.conversation, [*carried.recipients]) == ("", ["countries/TON"])
    await is_hidden(ton, name, file, mele)
    await ton.refused(ton.operation(operation.name, mele), "NOT_FOUND")
    # What was told before the removal and comes after it brings nobody back.
    earlier = next(one for one in fji.topics.sent if one.topic == carried.topic)
    earlier.message_id = earlier.message_id[:-12] + "0" * 12
    await ton.topics.deliver(earlier)
    await ton.refused(ton.get(name, mele), "NOT_FOUND")


@pytest.fixture
async def later(open_bureau):
    """Fiji's and Tonga's bureaus, and the clock of both."""
    clock = Clock()
    quiet = {"seams": {"clock": clock}, "retention_interval": timedelta(days=1)}
    async with open_bureau("FJI", **quiet) as fji, open_bureau("TON", **quiet) as ton:
        fji.lifetime = ton.lifetime = FOR_EVER
        yield fji, ton, clock


async def test_a_membership_ends_when_its_time_comes(later):
    fji, ton, clock = later
    operation = await fji.make_operation()
    await fji.add_member(operation.name, MELE, end_time=ahead(days=3))
    await fji.pass_on("operation.changed", ton)
    draft = await fji.draft(handling=of(operation.name), recipients=[TON])
    await fji.send(draft.name)
    await fji.pass_on("request.opened", ton)
    mele = ton.as_("mele", "officer@ncb")
    assert await ton.get(draft.name, mele)
    clock.ahead = timedelta(days=4)
    await ton.refused(ton.get(draft.name, mele), "NOT_FOUND")
    assert await ton.listed_operations(mele) == []
    assert await fji.get(draft.name)
    # Who is let in again is let in anew.
    assert await fji.members(operation.name) == [ANA, MELE]
    await fji.add_member(operation.name, MELE, end_time=ahead(days=30))
    assert await fji.members(operation.name) == [ANA, MELE]
    await fji.pass_on("operation.changed", ton, count=2)
    assert await ton.get(draft.name, mele)
    clock.ahead = timedelta(days=31)
    # Nor is anybody told any more whose time has come.
    before = len(await ton.told("cooperation.request_received"))
    later_one = await fji.draft(handling=of(operation.name), recipients=[TON])
    await fji.send(later_one.name)
    await fji.pass_on("request.opened", ton, count=2)
    assert len(await ton.told("cooperation.request_received")) == before


async def test_an_operation_ends_for_all_and_its_head_can_put_it_off(later):
    fji, ton, clock = later
    operation, name, _ = await joint(fji, ton, MELE, end_time=ahead(days=3))
    mele, head = ton.as_("mele", "officer@ncb"), fji.as_("vili", "ncb_head@ncb")
    assert await ton.get(name, mele)
    clock.ahead = timedelta(days=4)
    for bureau, who in ((fji, fji.officer), (ton, mele)):
        await bureau.refused(bureau.get(name, who), "NOT_FOUND")
        await bureau.refused(bureau.operation(operation.name, who), "NOT_FOUND")
    found = await fji.operation(operation.name, head)
    found.end_time.CopyFrom(ahead(days=30))
    found = await fji.change_operation(found, "end_time", as_=head)
    await fji.pass_on("operation.changed", ton, count=2)
    assert await ton.get(name, mele)
    assert await fji.get(name)
    # Ended before its time it is gone as soon as others hear of it.
    found.end_time.CopyFrom(ahead(days=1))
    await fji.change_operation(found, "end_time", as_=head)
    assert (await fji.pass_on("operation.changed", ton, count=3)).urgency == handling_pb2.URGENCY_FLASH
    await ton.refused(ton.get(name, mele), "NOT_FOUND")


async def test_nobody_puts_anything_into_an_operation_of_others(fji):
    made = await fji.make_operation()
    sione = fji.as_("sione", "officer@ncb")
    unknown = made.name[:-12] + "0" * 12
    for name in (made.name, unknown):
        refused = await fji.refused(fji.draft(handling=of(name), as_=sione), "HANDLING_FORBIDS")
        assert "operation" in refused.message
    draft = await fji.draft(as_=sione)
    await fji.send(draft.name, as_=sione)
    for name in (made.name, unknown):
        await fji.refused(fji.change_handling(draft.name, of(name), as_=sione), "HANDLING_FORBIDS")
    await fji.refused(fji.draft(handling=of("countries/FJI/operations/kaveinga")), "INVALID_FIELD")


async def test_a_reply_belongs_to_the_operation_of_what_it_answers(fji, ton):
    operation, name, _ = await joint(fji, ton, MELE)
    mele = ton.as_("mele", "officer@ncb")
    own = await ton.make_operation(mele)
    await ton.refused(ton.draft_reply(name, as_=mele, handling=of(own.name)), "OPERATION_MIXED")
    # None stated, or none wanted: the request's.
    for fields in ({}, {"handling": AMBER}):
        draft = await ton.draft_reply(name, as_=mele, **fields)
        assert draft.handling.operation == operation.name
    # What answers something open may be of an operation, and then others do not see it.
    asked = await fji.sent_request(recipients=[TON])
    await fji.pass_on("request.opened", ton, count=2)
    reply = await ton.sent_reply(asked.name, as_=mele, handling=of(own.name), bundle=bundle(vessel("FV Two")))
    assert [one.name for one in (await ton.listed_replies(asked.name, mele)).replies] == [reply.name]
    assert not (await ton.listed_replies(asked.name, ton.as_("sione", "officer@ncb"))).replies


async def test_labels_only_tighten(fji, ton):
    operation, name, _ = await joint(fji, ton, MELE)
    other = await fji.make_operation()
    for handling in (AMBER, of(other.name)):
        await fji.refused(fji.change_handling(name, handling), "HANDLING_LOOSENED")
    # What was for everybody it was sent to becomes its members'.
    sent = await fji.sent_request(recipients=[TON])
    await fji.pass_on("request.opened", ton, count=2)
    sione = ton.as_("sione", "officer@ncb")
    assert (await ton.get(sent.name, sione)).title
    await fji.change_handling(sent.name, of(operation.name))
    await fji.pass_on("directive.issued", ton)
    await ton.refused(ton.get(sent.name, sione), "NOT_FOUND")
    assert (await ton.get(sent.name, ton.as_("mele", "officer@ncb"))).title
    # Only with its owner's permission does it leave.
    await fji.change_handling(name, AMBER, downgrade=True)
    await fji.pass_on("directive.issued", ton, count=2)
    assert (await ton.get(name, sione)).title


async def test_members_are_notified_and_nobody_else(fji, ton):
    await joint(fji, ton, MELE)
    (told,) = await ton.told("cooperation.request_received")
    assert [*told.among] == [MELE]
    (joined,) = await ton.told("cooperation.operation_joined")
    assert (joined.officer, joined.unit) == (MELE, "")
    assert "officer" in told.roles
    # Where nobody takes part, nobody is told.
    alone = await fji.make_operation()
    request = await fji.draft(handling=of(alone.name), recipients=[TON])
    await fji.send(request.name)
    await fji.pass_on("request.opened", ton, count=2)
    open_ = await fji.sent_request(recipients=[TON])
    await fji.pass_on("request.opened", ton, count=3)
    assert {one.subject for one in await ton.told("cooperation.request_received", 2)} == {told.subject, open_.name}


async def test_only_who_leads_it_tells_of_it(fji, ton):
    operation, name, file = await joint(fji, ton, MELE)
    carried = next(one for one in fji.topics.sent if one.topic.endswith("operation.changed"))
    mele, sione = ton.as_("mele", "officer@ncb"), ton.as_("sione", "officer@ncb")
    for number, (author, old, new) in enumerate(
        (
            # Another country, and another unit of the same one.
            ("countries/WSM/units/ptccc", b"officers/mele", b"officers/olga"),
            ("countries/FJI/units/customs", b"units/ncb", b"units/ncb"),
            # People of a country that it is not told to, and what is no operation.
            (FJI, b"countries/TON/officers", b"countries/WSM/officers"),
            (FJI, b"/operations/", b"/0perations/"),
        )
    ):
        forged = type(carried)()
        forged.CopyFrom(carried)
        forged.message_id = f"{number}{carried.message_id[1:]}"
        forged.author = author
        forged.payload = carried.payload.replace(old, new).replace(b"\x18\x02", b"\x18\x09")
        await ton.topics.deliver(forged)
    assert await ton.get(name, mele)
    assert await ton.members(operation.name, mele) == [MELE]
    await is_hidden(ton, name, file, sione)


async def test_the_rule_is_named(fji, ton):
    _, name, _ = await joint(fji, ton, MELE)
    accesses = AccessServiceStub(ton.under_test.channel)
    asked = access_pb.ExplainAccessRequest(
        parent="countries/TON",
        record=name,
        roles=[access_pb.HeldRole(role="officer", unit=TON)],
        act=access_pb.ACT_READ,
        purpose=AMBER.purpose,
    )
    auditor = ton.as_("tupou", "auditor@ncb")
    for officer, allowed in (("", False), ("countries/TON/officers/sione", False), (MELE, True)):
        asked.officer = officer
        told = await accesses.ExplainAccess(asked, metadata=auditor)
        assert told.allowed is allowed
        if not allowed:
            assert [rule.rule_id for rule in told.rules] == ["operation"]
    asked.officer = ANA
    await ton.refused(accesses.ExplainAccess(asked, metadata=auditor), "INVALID_FIELD")


async def test_a_data_protection_officer_finds_who_takes_part(fji):
    operation = await fji.make_operation()
    member = await fji.add_member(operation.name, SIONE)
    found = stands(await ask_about(fji.under_test, "FIND", officer=SIONE))
    assert member.name in found
    # A right that was given in office, like a role: it ends, and is not erased.
    assert stands(await ask_about(fji.under_test, "ERASE", officer=SIONE))[member.name] == "OFFICIAL_ACT"
    assert await fji.members(operation.name) == [ANA, SIONE]
