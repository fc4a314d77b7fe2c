"""What was sent is taken back: at every node that holds it, in whatever order things arrive; and the list of who has not answered."""

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive import FOR_EVER, Clock, everything, for_days, purge
from bureau import AMBER, FJI, PTCCC, TON
from sqlalchemy import text
from stix import bundle, vessel

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import directive_pb2, reply_pb2, request_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2

RECALLED = request_pb2.REQUEST_STATE_RECALLED
DONE, AFTER, NOT_HELD, REFUSED, AWAITED = (
    directive_pb2.ANSWER_STATE_DONE,
    directive_pb2.ANSWER_STATE_DONE_AFTER_OPENING,
    directive_pb2.ANSWER_STATE_NOT_HELD,
    directive_pb2.ANSWER_STATE_REFUSED,
    directive_pb2.ANSWER_STATE_AWAITED,
)


async def answered(bureau, count=1):
    """Returns what a bureau answered to directives, once there is that much."""
    return await bureau.topics.wait_sent("bluepacific.cooperation.v1.directive.answered", count)


async def test_who_may_not_know_of_it_is_not_told_who_has_not_answered(fji):
    red = handling_pb2.Handling(tlp=handling_pb2.TLP_RED, purpose=AMBER.purpose)
    await fji.recall((await fji.sent_request(handling=red)).name)
    assert await fji.outstanding()
    assert not await fji.outstanding(as_=fji.as_("sione", "analyst@ncb"))


async def test_a_recall_destroys_it_at_every_holder_and_each_answers(fji, ton, wsm):
    draft = await fji.draft(bundle=bundle(vessel()), text="Ask for Moana")
    file = await fji.upload(draft.name, b"Moana's papers")
    sent = await fji.send(draft.name)
    carried = await fji.pass_on("request.opened", ton, wsm)
    await ton.get(sent.name)
    directive = await fji.recall(sent.name)
    assert (directive.record, directive.unit, directive.ground) == (sent.name, FJI, 1)
    assert [(one.unit, one.state) for one in directive.answers] == [(PTCCC, AWAITED), (TON, AWAITED)]
    assert [one.unit for one in await fji.outstanding()] == [TON, PTCCC]
    issued = await fji.pass_on("directive.issued", ton, wsm)
    assert b"Moana" not in issued.SerializeToString()
    for holder in (ton, wsm):
        got = await holder.get(sent.name)
        assert (got.state, got.title, got.text, got.bundle) == (RECALLED, "", "", "")
        assert not (await holder.search("moana")).entities
        await holder.refused(holder.download(file.name), "NOT_FOUND")
        assert not (await holder.listed_attachments(sent.name)).attachments
        assert "Moana" not in await everything(holder)
        await holder.topics.wait_erased(carried.message_id)
        told = (await holder.told_about(sent.name))[0]
        assert (told.officer, told.kind, told.ground) == ("countries/FJI/officers/ana", 1, 1)
        assert not told.answers
        assert [one.subject for one in await holder.told("cooperation.record_recalled")] == [sent.name]
        await purge(holder)
        assert not await holder.under_test.seams.blobs.has(carried.blobs[0].digest)
        await holder.pass_on("directive.answered", fji)
    await fji.topics.wait_erased(carried.message_id)
    assert not await fji.outstanding()
    nukualofa, ptccc = (await fji.told_about(sent.name))[0].answers
    assert (ptccc.state, ptccc.HasField("open_time")) == (DONE, False)
    assert (nukualofa.state, nukualofa.HasField("open_time")) == (AFTER, True)
    assert (await fji.get(sent.name)).statuses[0].state == topics_pb2.DELIVERY_STATE_RECALLED
    assert "Moana" not in await everything(fji)
    await fji.refused(fji.recall(sent.name), "RECORD_RECALLED")
    await fji.refused(fji.close(sent.name), "RECORD_RECALLED")
    # What comes twice is answered once.
    await ton.topics.deliver(issued)
    assert len(await answered(ton)) == 1


async def test_nothing_of_it_is_left_in_the_database_file(open_bureau):
    async with open_bureau("FJI") as fji, open_bureau("TON") as ton:
        draft = await fji.draft(text="Moana " * 1600, bundle=bundle(vessel()))
        sent = await fji.send(draft.name, request_id=str(uuid.uuid4()))
        await fji.pass_on("request.opened", ton)
        assert await ton.get(sent.name)
        assert "Moana" in await everything(fji)
        await fji.recall(sent.name)
        await fji.pass_on("directive.issued", ton)
        await purge(ton)
        assert "Moana" not in await everything(fji)
        database = ton.under_test.service.database
        if database.is_sqlite:
            file = Path(database.url.partition("///")[2])
            assert all(b"Moana" not in one.read_bytes() for one in file.parent.glob(f"{file.name}*"))


async def test_what_arrives_after_its_recall_is_never_shown(fji, ton):
    draft = await fji.draft(bundle=bundle(vessel()), text="Ask for Moana")
    await fji.upload(draft.name, b"Moana's papers")
    sent = await fji.send(draft.name)
    carried = (await fji.topics.wait_sent("bluepacific.cooperation.v1.request.opened"))[0]
    await fji.recall(sent.name)
    await fji.pass_on("directive.issued", ton)
    await ton.pass_on("directive.answered", fji)
    assert [one.unit for one in await fji.outstanding()] == [PTCCC]
    answers = (await fji.told_about(sent.name))[0].answers
    assert {one.unit: one.state for one in answers}[TON] == NOT_HELD
    await ton.refused(ton.get(sent.name), "NOT_FOUND")
    await fji.pass_on("request.opened", ton)
    got = await ton.get(sent.name)
    assert (got.state, got.title, got.text, got.bundle) == (RECALLED, "", "", "")
    assert [one.kind for one in await ton.told_about(sent.name)] == [directive_pb2.DIRECTIVE_KIND_RECALL]
    assert "Moana" not in await everything(ton)
    assert not (await ton.listed_attachments(sent.name)).attachments
    await ton.topics.wait_erased(carried.message_id)
    await purge(ton)
    assert not await ton.under_test.seams.blobs.has(carried.blobs[0].digest)
    assert not [one for one in ton.topics.sent if b"request_received" in one.payload]


async def test_replies_that_wait_for_their_request_go_with_its_recall(fji, ton, wsm):
    sent = await fji.sent_request()
    await fji.pass_on("request.opened", ton)
    reply = await ton.sent_reply(sent.name, text="Moana is here")
    carried = await ton.pass_on("reply.sent", wsm)
    assert "Moana" in await everything(wsm)
    await fji.recall(sent.name)
    await fji.pass_on("directive.issued", wsm)
    assert "Moana" not in await everything(wsm)
    await wsm.topics.wait_erased(carried.message_id)
    report = (await wsm.topics.wait_reports())[0]
    assert (report.message_id, report.ground) == (carried.message_id, "RECORD_RECALLED")
    await wsm.refused(wsm.get(reply.name), "NOT_FOUND")


async def test_a_recall_beats_what_a_holder_wrote_meanwhile(fji, ton):
    sent = await fji.sent_request()
    await fji.pass_on("request.opened", ton)
    late = await ton.sent_reply(sent.name, text="Written while the link was down")
    draft = await ton.draft_reply(sent.name)
    await fji.recall(sent.name)
    carried = await ton.pass_on("reply.sent", fji)
    assert (await fji.topics.wait_reports())[0].ground == "RECORD_RECALLED"
    assert (carried.message_id, late.state) == (carried.message_id, reply_pb2.REPLY_STATE_SENT)
    assert not (await fji.listed_replies(sent.name)).replies
    await fji.pass_on("directive.issued", ton)
    await ton.refused(ton.send_reply(draft.name), "RECORD_RECALLED")


async def test_only_the_unit_that_sent_it_recalls(fji, ton):
    sent = await fji.sent_request()
    await fji.pass_on("request.opened", ton)
    reply = await ton.sent_reply(sent.name)
    await ton.pass_on("reply.sent", fji)
    draft = await fji.draft()
    await fji.refused(fji.recall(draft.name), "RECORD_NOT_SENT")
    await fji.refused(fji.recall(reply.name), "PERMISSION_DENIED")
    await ton.refused(ton.recall(sent.name), "PERMISSION_DENIED")
    # A node that claims it is refused likewise, and nothing is destroyed.
    directive = await fji.recall(sent.name)
    issued = (await fji.topics.wait_sent("bluepacific.cooperation.v1.directive.issued"))[0]
    forged = topics_pb2.Message()
    forged.CopyFrom(issued)
    forged.author = PTCCC
    await ton.topics.deliver(forged)
    assert (await ton.get(sent.name)).title == sent.title
    assert not await ton.told_about(sent.name)
    assert directive.kind == directive_pb2.DIRECTIVE_KIND_RECALL


async def test_a_reply_is_recalled_by_who_gave_it(fji, ton, wsm):
    sent = await fji.sent_request()
    await fji.pass_on("request.opened", ton, wsm)
    reply = await ton.sent_reply(sent.name, text="Moana is here", bundle=bundle(vessel()))
    await ton.pass_on("reply.sent", fji)
    assert (await fji.get(reply.name)).text == "Moana is here"
    await ton.recall(reply.name)
    assert [one.unit for one in await ton.outstanding(filter='kind = "RECALL"')] == [FJI, PTCCC]
    # PTCCC gets the recall before the reply.
    await ton.pass_on("directive.issued", fji, wsm)
    await ton.pass_on("reply.sent", wsm)
    for holder in (fji, wsm):
        got = await holder.get(reply.name)
        assert (got.state, got.text, got.bundle) == (reply_pb2.REPLY_STATE_RECALLED, "", "")
        assert not (await holder.search("moana")).entities
    assert (await fji.get(sent.name)).title == sent.title


async def test_overdue_answers_are_listed_and_told_of_once(open_bureau):
    clock = Clock()
    async with open_bureau("FJI", seams={"clock": clock}) as fji, open_bureau("TON") as ton:
        fji.lifetime = FOR_EVER
        sent = await fji.sent_request(recipients=[TON])
        await fji.pass_on("request.opened", ton)
        await fji.recall(sent.name)
        await purge(fji)
        assert [one.overdue for one in await fji.outstanding()] == [False]
        # A month of darkness.
        clock.ahead = timedelta(days=30)
        (late,) = await fji.outstanding(filter=f'unit = "{TON}" AND record = "{sent.name}"')
        assert late.overdue
        assert late.due_time.ToDatetime(UTC) < datetime.now(UTC) + timedelta(days=8)
        await purge(fji)
        await purge(fji)
        told = await fji.told("cooperation.answers_overdue")
        assert [(one.subject, one.unit) for one in told] == [(sent.name, FJI)]
        await fji.pass_on("directive.issued", ton)
        await ton.pass_on("directive.answered", fji)
        assert not await fji.outstanding()
        assert not await fji.outstanding(as_=fji.as_("tevita", "officer@tcu"))


async def test_expiry_is_answered_by_every_holder(open_bureau):
    clock = Clock()
    async with (
        open_bureau("FJI", seams={"clock": clock}) as fji,
        open_bureau("TON", seams={"clock": clock}) as ton,
    ):
        fji.lifetime = ton.lifetime = FOR_EVER
        sent = await fji.sent_request(handling=for_days(3))
        carried = await fji.pass_on("request.opened", ton)
        clock.ahead = timedelta(days=4)
        # Nothing of it is shown, whether or not it has been destroyed yet.
        assert (await ton.get(sent.name)).state == request_pb2.REQUEST_STATE_PURGED
        assert not (await ton.listed(filter='state = "OPEN"')).requests[0].title
        await purge(ton)
        # The holder's word may come before the owner's own clock has got there.
        await ton.pass_on("directive.answered", fji)
        await purge(fji)
        assert [(one.unit, one.kind) for one in await fji.outstanding()] == [
            (PTCCC, directive_pb2.DIRECTIVE_KIND_EXPIRY)
        ]
        (told,) = await fji.told_about(sent.name)
        assert {one.unit: one.state for one in told.answers} == {PTCCC: AWAITED, TON: DONE}
        for bureau in (fji, ton):
            await bureau.topics.wait_erased(carried.message_id)
        # It never got to PTCCC, as the exchange says: nobody waits for an answer.
        await fji.receive(carried, PTCCC, topics_pb2.DELIVERY_STATE_EXPIRED, datetime.now(UTC))
        assert not await fji.outstanding()


async def test_units_of_one_node_recall_from_each_other(open_bureau):
    customs = "countries/TON/units/customs"
    async with open_bureau("TON") as ton:
        sent = await ton.sent_request(recipients=[customs])
        await ton.pass_on("request.opened", ton)
        officer = ton.as_("lupe", "officer@customs")
        assert (await ton.get(sent.name, officer)).title == sent.title
        await ton.recall(sent.name)
        assert (await ton.get(sent.name, officer)).state == RECALLED
        await ton.pass_on("directive.issued", ton)
        await ton.pass_on("directive.answered", ton)
        assert not await ton.outstanding()
        assert (await ton.told_about(sent.name))[0].answers[0].state == AFTER
        async with ton.under_test.service.database.read() as session:
            assert await session.scalar(text("SELECT count(*) FROM directive")) == 1
