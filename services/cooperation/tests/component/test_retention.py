"""What has been kept long enough is destroyed: content, entities, files and their keys, and drafts that nobody finishes."""

from datetime import UTC, datetime, timedelta

from archive import FOR_EVER, Clock, everything, for_days, purge
from bureau import PTCCC, TON
from stix import bundle, vessel

from bluepacific.cooperation.v1 import reply_pb2, request_pb2
from bluepacific.cooperation.v1.access_service_pb2 import ACT_READ, ExplainAccessRequest, HeldRole
from bluepacific.cooperation.v1.access_service_pb2_grpc import AccessServiceStub
from bluepacific.cooperation.v1.entity_service_pb2 import GetEntityRequest


async def test_content_is_destroyed_at_every_node_when_its_time_comes(open_bureau):
    clock = Clock()
    async with (
        open_bureau("FJI", seams={"clock": clock}) as fji,
        open_bureau("TON", seams={"clock": clock}) as ton,
    ):
        fji.lifetime = ton.lifetime = FOR_EVER
        draft = await fji.draft(handling=for_days(3), bundle=bundle(vessel()), text="Ask for Moana")
        file = await fji.upload(draft.name, b"Moana's papers")
        sent = await fji.send(draft.name)
        carried = await fji.pass_on("request.opened", ton)
        reply = await ton.sent_reply(sent.name, text="Moana is here")
        await ton.pass_on("reply.sent", fji)
        kept = await fji.sent_request(text="Moana again")
        for bureau in (fji, ton):
            await purge(bureau)
            assert (await bureau.get(reply.name)).text == "Moana is here"
        clock.ahead = timedelta(days=4)
        for bureau in (fji, ton):
            await purge(bureau)
            got = await bureau.get(sent.name)
            assert (got.state, got.title, got.text, got.bundle) == (request_pb2.REQUEST_STATE_PURGED, "", "", "")
            assert (await bureau.get(reply.name)).state == reply_pb2.REPLY_STATE_PURGED
            assert not (await bureau.search("moana", filter=f'source = "{sent.name}"')).entities
            await bureau.refused(bureau.download(file.name), "NOT_FOUND")
            assert not await bureau.under_test.seams.blobs.has(carried.blobs[0].digest)
        assert "Moana" not in await everything(ton)
        assert (await fji.get(kept.name)).text == "Moana again"
        assert (await fji.get(sent.name)).statuses[0].unit == PTCCC
        await fji.refused(fji.close(sent.name), "REQUEST_NOT_OPEN")


async def test_past_its_time_nothing_is_given_even_before_it_is_destroyed(open_bureau):
    clock = Clock()
    async with (
        open_bureau("FJI", seams={"clock": clock}, retention_interval=timedelta(days=1)) as fji,
        open_bureau("TON", seams={"clock": clock}, retention_interval=timedelta(days=1)) as ton,
    ):
        fji.lifetime = ton.lifetime = FOR_EVER
        draft = await fji.draft(handling=for_days(3), bundle=bundle(vessel()), recipients=[TON])
        file = await fji.upload(draft.name, b"papers")
        await fji.send(draft.name)
        await fji.pass_on("request.opened", ton)
        (entity,) = (await ton.search("moana")).entities
        clock.ahead = timedelta(days=4)
        got = await ton.get(draft.name)
        assert (got.state, got.title, got.text, got.bundle) == (request_pb2.REQUEST_STATE_PURGED, "", "", "")
        assert [one.title for one in (await ton.listed()).requests] == [""]
        assert not (await ton.search()).entities
        get_entity = ton.entities.GetEntity(GetEntityRequest(name=entity.name), metadata=ton.officer)
        for call in (get_entity, ton.download(file.name)):
            await ton.refused(call, "NOT_FOUND")
        await ton.refused(ton.draft_reply(draft.name), "REQUEST_NOT_OPEN")
        await fji.refused(fji.share(draft.name, PTCCC), "CONTENT_EXPIRED")
        asked = ExplainAccessRequest(
            parent="countries/TON",
            record=draft.name,
            roles=[HeldRole(role="officer", unit=TON)],
            act=ACT_READ,
            purpose=draft.handling.purpose,
        )
        auditor = ton.as_("tupou", "auditor@ncb")
        told = await AccessServiceStub(ton.under_test.channel).ExplainAccess(asked, metadata=auditor)
        assert [(told.allowed, rule.rule_id) for rule in told.rules] == [(False, "retention")]


async def test_what_arrives_after_its_time_is_not_kept(open_bureau):
    clock = Clock()
    async with open_bureau("FJI") as fji, open_bureau("TON", seams={"clock": clock}) as ton:
        ton.lifetime = FOR_EVER
        sent = await fji.sent_request(handling=for_days(3))
        clock.ahead = timedelta(days=4)
        carried = await fji.pass_on("request.opened", ton)
        assert carried.expire_time == sent.handling.retention_time
        assert (await ton.topics.wait_reports())[0].ground == "CONTENT_EXPIRED"
        assert not (await ton.listed()).requests


async def test_a_reply_draft_that_was_written_too_long_ago_is_not_sent(open_bureau):
    clock = Clock()
    async with open_bureau("FJI") as fji, open_bureau("TON", seams={"clock": clock}) as ton:
        ton.lifetime = FOR_EVER
        sent = await fji.sent_request(handling=for_days(3))
        await fji.pass_on("request.opened", ton)
        draft = await ton.draft_reply(sent.name)
        clock.ahead = timedelta(days=4)
        await ton.refused(ton.send_reply(draft.name), "CONTENT_EXPIRED")


async def test_drafts_that_nobody_finishes_go_with_their_files(open_bureau):
    clock = Clock()
    async with open_bureau("FJI", seams={"clock": clock}) as fji:
        fji.lifetime = FOR_EVER
        draft = await fji.draft()
        await fji.upload(draft.name, b"papers")
        clock.ahead = timedelta(days=31)
        await purge(fji)
        await fji.refused(fji.get(draft.name), "NOT_FOUND")
        blobs = fji.under_test.seams.blobs.path("0" * 64).parent.parent
        assert not [path for path in blobs.rglob("*") if path.is_file()]


async def test_without_a_stated_time_it_is_kept_for_five_years(fji):
    sent = await fji.sent_request()
    until = sent.handling.retention_time.ToDatetime(UTC) - datetime.now(UTC)
    assert timedelta(days=1824) < until <= timedelta(days=1825)
