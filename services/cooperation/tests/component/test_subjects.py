"""A person in what units exchange: found, blocked, put right and erased, here and at the nodes that hold copies."""

import asyncio

from archive import everything
from bureau import FJI, TON
from sqlalchemy import text
from stix import bundle, entity

from bp_kit.testing.subjects import ask_about, stands


def person(name="Sione Kata", **values):
    return entity("identity", name=name, identity_class="individual", **values)


async def asked_by_fiji(fji, **fields):
    values = {"recipients": [TON], "bundle": bundle(person()), "text": "Is he known?"} | fields
    return await fji.sent_request(**values)


async def fijis(bureau, act="FIND", **fields):
    return stands(await ask_about(bureau.under_test, act, **fields))


async def test_a_person_is_found_in_entities_words_and_files(fji):
    in_bundle = await asked_by_fiji(fji)
    in_text = await asked_by_fiji(fji, bundle="", text="Ask for SIONE KATA, passport P-1234567.")
    draft = await fji.draft(bundle="", text="Nothing in it.")
    await fji.upload(draft.name, b"scan", file_name="sione kata.pdf")
    other = await asked_by_fiji(fji, bundle=bundle(person("Viliami Tau")))
    found = await ask_about(fji.under_test, display_name="Sione Kata")
    assert set(stands(found)) == {in_bundle.name, in_text.name, draft.name}
    assert other.name not in stands(found)
    holders = {one.record: list(one.holders) for one in found.findings}
    assert (holders[in_bundle.name], holders[draft.name]) == (["countries/TON"], [])
    assert set(await fijis(fji, display_name="Sione Kata", identifier="P-1234567")) == {in_text.name}
    assert "Sione" not in str(found)


async def test_what_is_blocked_does_not_exist_and_opens_again(fji, ton):
    sent = await asked_by_fiji(fji)
    await fji.pass_on("request.opened", ton)
    assert (await fijis(ton, "BLOCK", records=[sent.name]))[sent.name] == "BLOCKED"
    await ton.refused(ton.get(sent.name), "NOT_FOUND")
    assert not (await ton.listed()).requests
    assert not (await ton.search("kata")).entities
    await ton.refused(ton.draft_reply(sent.name), "NOT_FOUND")
    await fijis(ton, "UNBLOCK", records=[sent.name])
    assert (await ton.get(sent.name)).title
    assert (await ton.search("kata")).entities


async def test_erasing_takes_back_what_was_sent_at_every_holder(fji, ton):
    sent = await asked_by_fiji(fji)
    await fji.pass_on("request.opened", ton)
    assert await fijis(fji, "ERASE", display_name="Sione Kata") == {sent.name: "ERASED"}
    await fji.pass_on("directive.issued", ton)
    await ton.pass_on("directive.answered", fji)
    assert not await fji.outstanding()
    # Asked as well, it has nothing left to do.
    assert await fijis(ton, "ERASE", records=[sent.name]) == {sent.name: "ERASED"}
    for bureau in (fji, ton):
        assert "Kata" not in await everything(bureau)
        assert (await bureau.get(sent.name)).title == ""


async def test_a_holder_erases_its_copy_before_the_recall_arrives(fji, ton):
    sent = await asked_by_fiji(fji)
    await fji.pass_on("request.opened", ton)
    await fijis(fji, "ERASE", display_name="Sione Kata")
    assert await fijis(ton, "ERASE", records=[sent.name]) == {sent.name: "ERASED"}
    assert "Kata" not in await everything(ton)
    await fji.pass_on("directive.issued", ton)
    await ton.pass_on("directive.answered", fji)
    assert not await fji.outstanding()


async def test_a_hold_keeps_it(fji):
    sent = await asked_by_fiji(fji)
    await fijis(fji, "HOLD", display_name="Sione Kata")
    assert await fijis(fji, "ERASE", display_name="Sione Kata") == {sent.name: "LEGAL_HOLD"}
    assert "Kata" in (await fji.get(sent.name)).bundle


async def test_another_country_finds_only_its_own_records_here(fji, ton):
    sent = await asked_by_fiji(fji)
    await fji.pass_on("request.opened", ton)
    own = await ton.sent_request(recipients=[FJI], bundle=bundle(person()))
    reply = await ton.sent_reply(sent.name, text="Sione Kata is known here.")
    assert set(await fijis(ton, display_name="Sione Kata")) == {sent.name}
    named = [sent.name, own.name, reply.name]
    assert set(await fijis(ton, "BLOCK", records=named)) == {sent.name}
    everything_here = stands(await ask_about(ton.under_test, display_name="Sione Kata", country="TON"))
    assert set(everything_here) == {sent.name, own.name, reply.name}


async def test_a_name_is_put_right_and_its_holders_hear_of_it(fji, ton):
    sent = await asked_by_fiji(fji, text="Is sione kata known?")
    await fji.pass_on("request.opened", ton)
    corrected = await fijis(fji, "CORRECT", display_name="Sione Kata", corrections={"display_name": "Sione Katoa"})
    assert corrected == {sent.name: "CORRECTED"}
    await fji.pass_on("directive.issued", ton)
    got = await ton.get(sent.name)
    assert (got.text, got.revision) == ("Is Sione Katoa known?", 2)
    assert (await ton.search("katoa")).entities
    copy = stands(
        await ask_about(
            ton.under_test,
            "CORRECT",
            display_name="Sione Katoa",
            corrections={"display_name": "X"},
            country="TON",
        )
    )
    assert copy == {sent.name: "OTHER_COUNTRY"}


async def test_what_an_officer_wrote_in_office_stays(fji):
    sent = await asked_by_fiji(fji)
    assert await fijis(fji, "ERASE", officer="countries/FJI/officers/ana") == {sent.name: "OFFICIAL_ACT"}


async def test_every_act_is_in_the_audit(fji):
    sent = await asked_by_fiji(fji)
    await fijis(fji, "BLOCK", display_name="Sione Kata")
    async with fji.under_test.service.database.read() as session:
        rows = (
            await session.execute(
                text("SELECT principal, method, name, outcome, purpose FROM audit WHERE name = :name"),
                {"name": sent.name},
            )
        ).all()
    assert (
        "countries/FJI",
        "/bluepacific.cooperation.v1.subject/block",
        sent.name,
        "OK",
        "PURPOSE_DATA_PROTECTION",
    ) in [tuple(row) for row in rows]


async def test_what_cannot_be_answered_is_refused_and_holds_up_nothing(fji):
    sent = await asked_by_fiji(fji)
    nobody = asyncio.create_task(ask_about(fji.under_test))
    assert set(await fijis(fji, display_name="Sione Kata")) == {sent.name}
    nobody.cancel()
