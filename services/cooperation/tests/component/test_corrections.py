"""What was sent is put right, or under other conditions; and shared with further units by who owns it."""

from datetime import UTC, datetime, timedelta

from bureau import AMBER, CUSTOMS, FJI, PTCCC, TON
from stix import bundle, vessel

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import directive_pb2, events_pb2, sharing_pb2
from bluepacific.cooperation.v1 import request_service_pb2 as requests_pb2
from bluepacific.cooperation.v1 import sharing_service_pb2 as sharings_pb2

RED = handling_pb2.Handling(tlp=handling_pb2.TLP_RED, purpose=handling_pb2.PURPOSE_INVESTIGATION)


async def test_a_correction_shows_old_and_new_marked(fji, ton):
    sent = await fji.sent_request(text="Hull white", bundle=bundle(vessel(name="Moana Star")))
    await fji.pass_on("request.opened", ton)
    await ton.get(sent.name)
    corrected = await fji.correct(sent.name, text="Hull blue", bundle=bundle(vessel(name="Moana Sun")))
    assert (corrected.revision, corrected.text) == (2, "Hull blue")
    await fji.pass_on("directive.issued", ton)
    for bureau in (fji, ton):
        got = await bureau.get(sent.name)
        assert (got.revision, got.text, got.title) == (2, "Hull blue", sent.title)
        told = [(one.number, one.superseded, one.text) for one in await bureau.revisions(sent.name)]
        assert told == [(1, True, "Hull white"), (2, False, "Hull blue")]
        assert [one.display_name for one in (await bureau.search("moana")).entities] == ["Moana Sun"]
    assert [one.subject for one in await ton.told("cooperation.record_corrected")] == [sent.name]
    await ton.pass_on("directive.answered", fji)
    (told,) = await fji.told_about(sent.name)
    assert (told.kind, told.revision) == (directive_pb2.DIRECTIVE_KIND_CORRECTION, 2)
    states = {one.unit: one.state for one in told.answers}
    assert states[TON] == directive_pb2.ANSWER_STATE_DONE_AFTER_OPENING
    await fji.refused(fji.correct(sent.name, title=" ", text="x"), "TITLE_MISSING")
    await fji.refused(fji.correct(sent.name, bundle="{"), "BUNDLE_NOT_JSON")


async def test_corrections_come_in_any_order_and_before_what_they_correct(fji, ton):
    sent = await fji.sent_request(text="one")
    for number, said in enumerate(("two", "three"), start=1):
        await fji.correct(sent.name, text=said)
        await fji.topics.wait_sent("bluepacific.cooperation.v1.directive.issued", number)
    second, third = await fji.topics.wait_sent("bluepacific.cooperation.v1.directive.issued", 2)
    await ton.topics.deliver(third)
    await ton.refused(ton.get(sent.name), "NOT_FOUND")
    await fji.pass_on("request.opened", ton)
    assert (await ton.get(sent.name)).text == "three"
    await ton.topics.deliver(second)
    assert (await ton.get(sent.name)).text == "three"
    found = [(one.number, one.superseded, one.text) for one in await ton.revisions(sent.name)]
    assert found == [(1, True, "one"), (2, True, "two"), (3, False, "three")]


async def test_a_reply_is_corrected_and_what_was_recalled_is_not(fji, ton):
    sent = await fji.sent_request()
    await fji.pass_on("request.opened", ton)
    reply = await ton.sent_reply(sent.name, text="Seen on Monday")
    correct = await ton.correct(reply.name, text="Seen on Tuesday")
    assert correct.revision == 2
    await ton.refused(ton.correct(reply.name, text=" "), "CONTENT_MISSING")
    # The correction comes first and waits.
    await ton.pass_on("directive.issued", fji)
    await ton.pass_on("reply.sent", fji)
    assert (await fji.get(reply.name)).text == "Seen on Tuesday"
    correction = (await ton.topics.wait_sent("bluepacific.cooperation.v1.directive.issued"))[0]
    await ton.recall(reply.name)
    await ton.pass_on("directive.issued", fji, count=2)
    answers = await fji.topics.wait_sent("bluepacific.cooperation.v1.directive.answered", 2)
    await ton.refused(ton.correct(reply.name, text="x"), "RECORD_RECALLED")
    # One that comes after the recall is not followed.
    late = events_pb2.DirectiveIssued.FromString(correction.payload)
    late.directive.name = late.directive.name[:-4] + "0000"
    correction.payload = late.SerializeToString()
    await fji.topics.deliver(correction)
    answers = await fji.topics.wait_sent("bluepacific.cooperation.v1.directive.answered", 3)
    told = events_pb2.DirectiveAnswered.FromString(answers[-1].payload).answer
    assert (told.state, told.ground) == (directive_pb2.ANSWER_STATE_REFUSED, "RECORD_RECALLED")
    assert not (await fji.get(reply.name)).text
    assert not await fji.revisions(sent.name)


async def test_a_correction_that_a_holder_cannot_take_is_answered(fji, ton):
    sent = await fji.sent_request(text="one")
    await fji.pass_on("request.opened", ton)
    await fji.correct(sent.name, text="two")
    issued = (await fji.topics.wait_sent("bluepacific.cooperation.v1.directive.issued"))[0]
    broken = events_pb2.DirectiveIssued.FromString(issued.payload)
    broken.revision.bundle = "{"
    issued.payload = broken.SerializeToString()
    await ton.topics.deliver(issued)
    await ton.pass_on("directive.answered", fji)
    answer = next(one for one in (await fji.told_about(sent.name))[0].answers if one.unit == TON)
    assert (answer.state, answer.ground) == (directive_pb2.ANSWER_STATE_REFUSED, "BUNDLE_NOT_JSON")
    assert [one.unit for one in await fji.outstanding()] == [PTCCC]
    assert (await ton.get(sent.name)).text == "one"


BROKEN = [
    ("directive.name", "countries/FJI/requests/1/directives/2"),
    ("directive.name", "a\0"),
    ("directive.record", "countries/FJI/requests/0199aaaa-5b7a-7e3c-9a1b-2f4d6c8e0a11"),
    ("directive.unit", "countries/FJI"),
    ("directive.officer", "x" * 200),
    ("directive.kind", 99),
    ("directive.kind", 0),
    ("directive.ground", 99),
    ("directive.revision", 0),
    ("directive.revision", -1),
    ("directive.revision", 2**30),
    ("directive.create_time.seconds", 2**60),
    ("directive.handling.tlp", 1),
    ("revision.number", 7),
    ("revision.record", "x"),
    ("revision.text", "x" * 10_001),
    ("revision.text", "a\0"),
    ("revision.title", "x" * 201),
]


async def test_a_broken_directive_changes_nothing_and_holds_nothing_up(fji, ton):
    sent = await fji.sent_request(text="one")
    await fji.pass_on("request.opened", ton)
    await fji.correct(sent.name, text="two")
    issued = (await fji.topics.wait_sent("bluepacific.cooperation.v1.directive.issued"))[0]
    for path, value in BROKEN:
        payload = events_pb2.DirectiveIssued.FromString(issued.payload)
        *way, last = path.split(".")
        target = payload
        for step in way:
            target = getattr(target, step)
        setattr(target, last, value)
        await ton.topics.deliver(type(issued)(**{**_fields(issued), "payload": payload.SerializeToString()}))
        assert (await ton.get(sent.name)).text == "one"
    await ton.topics.deliver(type(issued)(**{**_fields(issued), "payload": b"\xff"}))
    await ton.topics.deliver(issued)
    assert (await ton.get(sent.name)).text == "two"


async def test_only_who_holds_it_answers_and_only_once(fji, ton):
    sent = await fji.sent_request()
    await fji.pass_on("request.opened", ton)
    await fji.recall(sent.name)
    await fji.pass_on("directive.issued", ton)
    answered = (await ton.topics.wait_sent("bluepacific.cooperation.v1.directive.answered"))[0]
    for change in (
        {"author": CUSTOMS},
        {"author": PTCCC},
        {"payload": b"\xff"},
    ):
        await fji.topics.deliver(type(answered)(**{**_fields(answered), **change}))
    assert [one.unit for one in await fji.outstanding()] == [TON, PTCCC]
    await fji.topics.deliver(answered)
    later = events_pb2.DirectiveAnswered.FromString(answered.payload)
    later.answer.state = directive_pb2.ANSWER_STATE_REFUSED
    await fji.topics.deliver(type(answered)(**{**_fields(answered), "payload": later.SerializeToString()}))
    answers = (await fji.told_about(sent.name))[0].answers
    assert {one.unit: one.state for one in answers}[TON] == directive_pb2.ANSWER_STATE_DONE


async def test_conditions_only_tighten_without_the_owners_permission(fji, ton, wsm):
    sent = await fji.sent_request(bundle=bundle(vessel()))
    await fji.pass_on("request.opened", ton, wsm)
    reply = await ton.sent_reply(sent.name)
    await ton.pass_on("reply.sent", fji)
    tight = handling_pb2.Handling(tlp=handling_pb2.TLP_RED, purpose=AMBER.purpose, codes=["H2"])
    await fji.change_handling(sent.name, tight)
    await fji.pass_on("directive.issued", ton, wsm)
    for bureau in (fji, ton, wsm):
        got = (await bureau.get(sent.name)).handling
        assert (got.tlp, [*got.codes]) == (handling_pb2.TLP_RED, ["H2"])
        assert (await bureau.search("moana", filter='tlp = "RED"')).entities
    for bureau in (fji, ton):
        assert (await bureau.get(reply.name)).handling.tlp == handling_pb2.TLP_RED
    await fji.refused(fji.change_handling(sent.name, AMBER), "HANDLING_LOOSENED")
    await fji.refused(ton.change_handling(sent.name, RED), "PERMISSION_DENIED")
    drill = handling_pb2.Handling(tlp=handling_pb2.TLP_RED, purpose=AMBER.purpose, exercise=True)
    await fji.refused(fji.change_handling(sent.name, drill), "EXERCISE_MIXED")
    # A node that loosens without the permission is not followed.
    await fji.change_handling(sent.name, AMBER, downgrade=True)
    issued = (await fji.topics.wait_sent("bluepacific.cooperation.v1.directive.issued", 2))[-1]
    payload = events_pb2.DirectiveIssued.FromString(issued.payload)
    payload.directive.downgrade = False
    await wsm.topics.deliver(type(issued)(**{**_fields(issued), "payload": payload.SerializeToString()}))
    assert (await wsm.get(sent.name)).handling.tlp == handling_pb2.TLP_RED
    await ton.topics.deliver(issued)
    assert (await ton.get(sent.name)).handling.tlp == handling_pb2.TLP_AMBER
    # What its own author put under it stays as strict as it had become.
    assert (await ton.get(reply.name)).handling.tlp == handling_pb2.TLP_RED


def _fields(message):
    return {field.name: value for field, value in message.ListFields()}


async def test_a_country_that_is_shut_out_destroys_it(fji, ton, wsm):
    sent = await fji.sent_request(text="Ask for Moana")
    await fji.pass_on("request.opened", ton, wsm)
    named = handling_pb2.Handling(tlp=AMBER.tlp, purpose=AMBER.purpose, releasable_to=["TON"])
    await fji.change_handling(sent.name, named)
    await fji.pass_on("directive.issued", ton, wsm)
    await wsm.refused(wsm.get(sent.name), "NOT_FOUND")
    await wsm.pass_on("directive.answered", fji)
    assert [one.unit for one in await fji.outstanding()] == [TON]
    assert (await ton.get(sent.name)).text == "Ask for Moana"
    await wsm.refused(wsm.draft_reply(sent.name), "NOT_FOUND")
    reply = await ton.sent_reply(sent.name)
    assert [*reply.recipients] == [FJI]


async def test_exercises_and_the_real_never_mix(fji, ton):
    drill = handling_pb2.Handling(tlp=AMBER.tlp, purpose=handling_pb2.PURPOSE_TRAINING, exercise=True)
    exercise = await fji.sent_request(handling=drill, bundle=bundle(vessel()))
    carried = await fji.pass_on("request.opened", ton)
    assert carried.handling.exercise
    real = await fji.sent_request()
    await fji.pass_on("request.opened", ton, count=2)
    for bureau in (fji, ton):
        assert [one.name for one in (await bureau.listed()).requests] == [real.name]
        shown = (await bureau.listed(exercise=True)).requests
        assert [(one.name, one.handling.exercise) for one in shown] == [(exercise.name, True)]
        assert not (await bureau.search("moana")).entities
        assert len((await bureau.search("moana", exercise=True)).entities) == 1
    await ton.refused(ton.draft_reply(exercise.name, handling=AMBER), "EXERCISE_MIXED")
    await ton.refused(ton.draft_reply(real.name, handling=drill), "EXERCISE_MIXED")
    reply = await ton.sent_reply(exercise.name)
    assert reply.handling.exercise
    # A node that mixes them all the same is refused.
    carried = (await ton.topics.wait_sent("bluepacific.cooperation.v1.reply.sent"))[0]
    payload = events_pb2.ReplySent.FromString(carried.payload)
    payload.reply.handling.exercise = False
    carried.payload = payload.SerializeToString()
    await fji.topics.deliver(carried)
    assert (await fji.topics.wait_reports())[0].ground == "EXERCISE_MIXED"
    token = (await fji.listed(page_size=1)).next_page_token
    assert not token


async def test_a_holder_asks_and_the_owner_shares(fji, ton, wsm):
    draft = await fji.draft(recipients=[TON], text="Ask for Moana")
    file = await fji.upload(draft.name, b"papers")
    sent = await fji.send(draft.name)
    await fji.pass_on("request.opened", ton)
    asked = await ton.share(sent.name, PTCCC)
    assert asked.state == sharing_pb2.SHARING_STATE_ASKED
    await ton.pass_on("sharing.asked", fji)
    assert [one.subject for one in await fji.told("cooperation.sharing_asked")] == [sent.name]
    decide = sharings_pb2.DecideSharingRequest(name=asked.name, permitted=True)
    await ton.refused(ton.sharings.DecideSharing(decide, metadata=ton.officer), "PERMISSION_DENIED")
    decided = await fji.sharings.DecideSharing(decide, metadata=fji.officer)
    assert decided.state == sharing_pb2.SHARING_STATE_PERMITTED
    await fji.refused(fji.sharings.DecideSharing(decide, metadata=fji.officer), "SHARING_DECIDED")
    others, further = await fji.topics.wait_sent("bluepacific.cooperation.v1.request.shared", 2)
    assert ([*others.recipients], [*further.recipients]) == ([TON], [PTCCC])
    assert b"Moana" not in others.payload
    await ton.topics.deliver(others)
    await fji.pass_on("request.shared", wsm, count=2)
    await fji.pass_on("sharing.decided", ton)
    got = await wsm.get(sent.name)
    assert (got.text, [*got.shared_with]) == ("Ask for Moana", [PTCCC])
    assert (await wsm.download(file.name))[2] == b"papers"
    assert [one.unit for one in await wsm.told("cooperation.request_received")] == [PTCCC]
    listed = sharings_pb2.ListSharingsRequest(parent=sent.name, filter='state = "PERMITTED"')
    for bureau in (fji, ton):
        found = (await bureau.sharings.ListSharings(listed, metadata=bureau.officer)).sharings
        assert [one.name for one in found] == [asked.name]
    assert not (await wsm.sharings.ListSharings(listed, metadata=wsm.officer)).sharings
    # Those who take part now hear each other, and a recall reaches them all.
    reply = await wsm.sent_reply(sent.name)
    await wsm.pass_on("reply.sent", ton, fji)
    assert (await ton.get(reply.name)).text == "Seen at anchor."
    await fji.receive(further, PTCCC, 5, datetime.now(UTC) + timedelta(minutes=1))
    assert [(one.unit, one.state) for one in (await fji.get(sent.name)).statuses] == [(TON, 1), (PTCCC, 5)]
    await fji.recall(sent.name)
    await fji.pass_on("directive.issued", ton, wsm)
    assert not (await wsm.get(sent.name)).text
    assert [one.unit for one in await fji.outstanding()] == [TON, PTCCC]


async def test_nothing_is_shared_against_its_conditions(fji, ton):
    named = handling_pb2.Handling(tlp=AMBER.tlp, purpose=AMBER.purpose, releasable_to=["TON"])
    sent = await fji.sent_request(recipients=[TON], handling=named)
    await fji.pass_on("request.opened", ton)
    await fji.refused(fji.share(sent.name, PTCCC), "RECIPIENT_NOT_RELEASABLE", field="recipients[0]")
    await ton.refused(ton.share(sent.name, PTCCC), "RECIPIENT_NOT_RELEASABLE")
    await fji.refused(fji.share(sent.name, TON), "INVALID_FIELD")
    await fji.refused(fji.share(sent.name, "countries/TON/units/navy"), "RECIPIENT_UNKNOWN")
    assert (await fji.share(sent.name, CUSTOMS)).state == sharing_pb2.SHARING_STATE_PERMITTED
    asked = await ton.sharings.ListSharings(sharings_pb2.ListSharingsRequest(parent=sent.name), metadata=ton.officer)
    assert not asked.sharings
    close = requests_pb2.CloseRequestRequest(name=sent.name)
    await fji.requests.CloseRequest(close, metadata=fji.officer)
    closing = (await fji.topics.wait_sent("bluepacific.cooperation.v1.request.closed"))[0]
    assert [*closing.recipients] == [TON, CUSTOMS]
