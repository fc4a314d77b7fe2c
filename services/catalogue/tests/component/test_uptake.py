from datetime import UTC, datetime, timedelta

from office import PUBLISHED, REPORTED, VESSELS, Office

from bluepacific.catalogue.v1 import events_pb2
from bluepacific.catalogue.v1 import uptake_service_pb2 as pb
from bp_catalogue.app import build
from bp_catalogue.settings import CatalogueSettings

REPORT = "countries/FJI/uptakeReports/wsm-sv"


def get(office, metadata, name=REPORT):
    return office.uptake.GetUptakeReport(pb.GetUptakeReportRequest(name=name), metadata=metadata)


async def listed(office, metadata, parent="countries/-", **fields):
    request = pb.ListUptakeReportsRequest(parent=parent, **fields)
    return list((await office.uptake.ListUptakeReports(request, metadata=metadata)).uptake_reports)


async def reported(office, *, requests, active, pending=0):
    """Returns the first report sent with these counts of stolen vessels."""
    seen = 0
    while True:
        messages = await office.topics.wait_sent(REPORTED, seen + 1)
        for message in messages[seen:]:
            payload = events_pb2.UptakeReported.FromString(message.payload)
            for report in payload.reports:
                counts = (report.request_count, report.active_count, report.pending_count)
                if report.capability == VESSELS and counts == (requests, active, pending):
                    return message
        seen = len(messages)


async def test_the_centre_sees_uptake_by_country_and_capability_in_numbers_only(wsm, stocked):
    approved = await stocked.approve((await stocked.ask()).name)
    other = stocked.as_("ana", "officer@ncb")
    await stocked.refuse((await stocked.ask(unit="ncb", metadata=other)).name)
    message = await reported(stocked, requests=2, active=1)
    assert (list(message.recipients), message.author) == (["countries/WSM"], "countries/FJI")
    for personal in (b"officers", b"litia", b"jone", b"units", b"Boats without papers"):
        assert personal not in message.payload
    await wsm.topics.deliver(message)
    (report,) = await listed(wsm, wsm.as_("donor", "donor_reader@ptccc"))
    assert (report.name, report.capability) == (REPORT, VESSELS)
    assert (report.request_count, report.pending_count) == (2, 0)
    assert (report.agreement_count, report.active_count) == (1, 1)
    assert await get(wsm, wsm.publisher) == report
    assert await listed(wsm, wsm.publisher, filter=f'country = FJI AND capability = "{VESSELS}" AND active_count > 0')
    assert not await listed(wsm, wsm.publisher, filter="country = TON")
    await stocked.end(approved.access_agreement)
    await wsm.topics.deliver(await reported(stocked, requests=2, active=0))
    assert (await get(wsm, wsm.publisher)).active_count == 0


async def test_an_agreement_that_runs_out_is_told(harness, wsm):
    ahead = timedelta(0)
    settings = {"uptake_interval": timedelta(milliseconds=20), "agreement_period": timedelta(hours=2)}
    seams = {"clock": lambda: datetime.now(UTC) + ahead}
    async with harness.run(build, CatalogueSettings, country="FJI", seams=seams, **settings) as under_test:
        fji = Office(under_test, "FJI")
        await wsm.publish("SV")
        await wsm.pass_on(PUBLISHED, fji)
        await fji.approve((await fji.ask()).name)
        await reported(fji, requests=1, active=1)
        ahead = timedelta(hours=3)
        await reported(fji, requests=1, active=0)


async def test_uptake_is_told_again_although_nothing_changed(open_office, wsm):
    async with open_office("FJI", uptake_refresh=timedelta(milliseconds=1)) as fji:
        await wsm.publish("SV")
        await wsm.pass_on(PUBLISHED, fji)
        await fji.ask()
        await reported(fji, requests=1, active=0, pending=1)
        first, *_, last = await fji.topics.wait_sent(REPORTED, 4)
        versions = [events_pb2.UptakeReported.FromString(message.payload).version for message in (first, last)]
        assert versions[0] < versions[1]


async def test_countries_see_their_own_and_the_centre_sees_all(wsm, stocked):
    await stocked.ask()
    await wsm.topics.deliver(await reported(stocked, requests=1, active=0, pending=1))
    assert len(await listed(stocked, stocked.head)) == 1
    assert len(await listed(stocked, stocked.head, parent="countries/FJI")) == 1
    request = pb.ListUptakeReportsRequest(parent="countries/TON")
    await stocked.refused(stocked.uptake.ListUptakeReports(request, metadata=stocked.head), "PERMISSION_DENIED")
    tonga = wsm.as_("head", "ncb_head@ncb", country="TON")
    assert not await listed(wsm, tonga)
    await wsm.refused(get(wsm, tonga), "NOT_FOUND")
    await wsm.refused(get(wsm, wsm.as_("x", "officer@ptccc")), "PERMISSION_DENIED")


async def test_nobody_reports_for_another_and_old_reports_change_nothing(wsm, stocked):
    await stocked.ask()
    message = await reported(stocked, requests=1, active=0, pending=1)
    payload = events_pb2.UptakeReported.FromString(message.payload)
    await wsm.deliver(REPORTED, payload, "countries/TON")
    forged = events_pb2.UptakeReported(country="countries/TON", reports=payload.reports, version=1)
    await wsm.deliver(REPORTED, forged, "countries/TON")
    doubled = events_pb2.UptakeReported.FromString(message.payload)
    doubled.reports.append(payload.reports[0])
    await wsm.deliver(REPORTED, doubled, "countries/FJI")
    negative = events_pb2.UptakeReported.FromString(message.payload)
    negative.reports[0].active_count = -1
    await wsm.deliver(REPORTED, negative, "countries/FJI")
    assert not await listed(wsm, wsm.publisher)
    await wsm.topics.deliver(message)
    payload.reports[0].active_count = 99
    await wsm.deliver(REPORTED, payload, "countries/FJI")
    assert (await get(wsm, wsm.publisher)).active_count == 0


async def test_the_centre_counts_its_own_units(open_office):
    # It reports when the test says so, and not at the same time by itself.
    async with open_office("WSM", uptake_interval=timedelta(days=1)) as wsm:
        await wsm.publish("SV")
        await wsm.ask(unit="ptccc", metadata=wsm.as_("lagi", "officer@ptccc"))
        await wsm.under_test.service.workers[2].__self__.report()
        (report,) = await listed(wsm, wsm.publisher)
        assert (report.name, report.pending_count) == ("countries/WSM/uptakeReports/wsm-sv", 1)
        assert not [one for one in wsm.topics.sent if one.topic == REPORTED]
