import pytest

from bluepacific.identity.v1 import officer_pb2
from bluepacific.training.v1 import events_pb2, participation_pb2
from bluepacific.training.v1 import participation_service_pb2 as pb

REPORTED = "bluepacific.training.v1.participation.reported"
FEMALE, MALE = officer_pb2.GENDER_FEMALE, officer_pb2.GENDER_MALE
REPORT = "countries/TON/participationReports/wsm-vessel-identity"


@pytest.fixture
async def course(wsm, ton):
    published = await wsm.published_course()
    await wsm.pass_on("course.published", ton)
    return published.name


def listed(classroom, metadata, parent="countries/-", **fields):
    request = pb.ListParticipationReportsRequest(parent=parent, **fields)
    return classroom.participation.ListParticipationReports(request, metadata=metadata)


def get(classroom, metadata, name=REPORT):
    request = pb.GetParticipationReportRequest(name=name)
    return classroom.participation.GetParticipationReport(request, metadata=metadata)


async def reported(classroom, enrolled):
    """Returns the first report sent that counts so many."""
    seen = 0
    while True:
        messages = await classroom.topics.wait_sent(REPORTED, seen + 1)
        seen = len(messages)
        for message in messages:
            payload = events_pb2.ParticipationReported.FromString(message.payload)
            if [report.enrolled_count for report in payload.reports] == [enrolled]:
                return message


def by_gender(report):
    return {one.gender: one for one in report.genders}


async def test_the_centre_learns_numbers_by_country_and_gender_and_no_names(ton, wsm, course):
    for who, gender in [*((f"f{n}", "FEMALE") for n in range(5)), *((f"m{n}", "MALE") for n in range(6))]:
        await ton.learn_of(who, gender)
        await ton.enrol(course, who)
    message = await reported(ton, 11)
    assert list(message.recipients) == ["countries/WSM"]
    assert b"officers" not in message.payload
    await wsm.topics.deliver(message)
    (report,) = (await listed(wsm, wsm.as_("sina", "donor_reader"))).participation_reports
    assert (report.name, report.course, report.enrolled_count) == (REPORT, course, 11)
    assert by_gender(report)[FEMALE].enrolled.value == 5
    assert by_gender(report)[MALE].enrolled.value == 6
    assert await get(wsm, wsm.as_("sina", "course_manager")) == report
    assert not (await listed(wsm, wsm.as_("sina", "course_manager"), filter="country = FJI")).participation_reports


async def test_a_single_learner_is_counted_and_hidden(ton, wsm, course):
    await ton.learn_of("mele")
    await ton.complete(course)
    await wsm.topics.deliver(await reported(ton, 1))
    report = await get(wsm, wsm.as_("sina", "course_manager"))
    assert report.enrolled_count == 1
    assert report.completed == participation_pb2.Count(suppressed=True)
    assert not report.completed.HasField("value")
    assert all(one.enrolled.suppressed for one in report.genders)


async def test_a_changed_gender_is_counted_anew(open_classroom, wsm):
    async with open_classroom("TON", participation_threshold=1) as ton:
        course = await wsm.published_course()
        await wsm.pass_on("course.published", ton)
        await ton.enrol(course.name)
        await reported(ton, 1)
        await ton.learn_of("mele", "MALE", version=2)
        await ton.learn_of("mele", "FEMALE", version=1)
        await ton.learn_of("mele", "OTHER", version=9, author="countries/FJI")
        told = officer_pb2.GENDER_UNDISCLOSED
        count = 1
        while told != MALE:
            messages = await ton.topics.wait_sent(REPORTED, count)
            count = len(messages) + 1
            payload = events_pb2.ParticipationReported.FromString(messages[-1].payload)
            told = next(one.gender for one in payload.reports[0].genders if one.enrolled.value)
        assert payload.version > 0


async def test_countries_see_their_own_and_the_centre_sees_all(ton, wsm, course):
    await ton.enrol(course)
    await wsm.topics.deliver(await reported(ton, 1))
    head = ton.as_("head", "ncb_head")
    assert len((await listed(ton, head)).participation_reports) == 1
    assert len((await listed(ton, head, parent="countries/TON")).participation_reports) == 1
    await ton.refused(listed(ton, head, parent="countries/FJI"), "PERMISSION_DENIED")
    fiji = wsm.as_("head", "ncb_head", country="FJI")
    assert not (await listed(wsm, fiji)).participation_reports
    await wsm.refused(get(wsm, fiji), "NOT_FOUND")
    await wsm.refused(listed(wsm, wsm.as_("mele", "learner")), "PERMISSION_DENIED")


async def test_nobody_reports_for_another_and_old_reports_change_nothing(ton, wsm, course):
    await ton.enrol(course)
    message = await reported(ton, 1)
    payload = events_pb2.ParticipationReported.FromString(message.payload)
    await wsm.deliver("participation.reported", payload, "countries/FJI")
    fiji = events_pb2.ParticipationReported(country="countries/FJI", reports=payload.reports, version=1)
    await wsm.deliver("participation.reported", fiji, "countries/FJI")
    assert not (await listed(wsm, wsm.manager)).participation_reports
    await wsm.topics.deliver(message)
    payload.reports[0].enrolled_count = 99
    await wsm.deliver("participation.reported", payload, "countries/TON")
    assert (await get(wsm, wsm.manager)).enrolled_count == 1


async def test_the_centre_counts_its_own_people(wsm):
    course = await wsm.published_course()
    await wsm.enrol(course.name)
    name = "countries/WSM/participationReports/wsm-vessel-identity"
    await wsm.under_test.service.workers[2].__self__.report()
    assert (await get(wsm, wsm.manager, name)).enrolled_count == 1
    assert not [one for one in wsm.topics.sent if one.topic == REPORTED]
