import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from zips import honest

from bluepacific.common.v1 import text_pb2
from bluepacific.training.v1 import course_pb2, events_pb2
from bluepacific.training.v1 import course_service_pb2 as courses_pb2
from bluepacific.training.v1 import package_service_pb2 as packages_pb2
from bp_training.examples import build_package

ENGLISH = text_pb2.LocalizedText(texts={"en": "Boats"})


def get(classroom, name, metadata):
    return classroom.courses.GetCourse(courses_pb2.GetCourseRequest(name=name), metadata=metadata)


def listed(classroom, metadata, parent="countries/-", **fields):
    return classroom.courses.ListCourses(courses_pb2.ListCoursesRequest(parent=parent, **fields), metadata=metadata)


async def test_a_draft_is_seen_by_those_who_make_courses(wsm):
    draft = await wsm.create_course()
    assert draft.state == course_pb2.COURSE_STATE_DRAFT
    assert await get(wsm, draft.name, wsm.as_("tina", "trainer")) == draft
    await wsm.refused(get(wsm, draft.name, wsm.as_("mele", "learner")), "NOT_FOUND")
    await wsm.refused(get(wsm, draft.name, wsm.as_("ana", "course_manager", country="FJI")), "NOT_FOUND")
    assert not (await listed(wsm, wsm.as_("mele", "learner"))).courses


async def test_courses_are_changed_against_their_etag(wsm):
    draft = await wsm.create_course()
    request = courses_pb2.UpdateCourseRequest(
        course=course_pb2.Course(name=draft.name, title=ENGLISH, etag=draft.etag),
        update_mask=FieldMask(paths=["title"]),
    )
    changed = await wsm.courses.UpdateCourse(request, metadata=wsm.manager)
    assert changed.title == ENGLISH
    assert list(changed.tags) == ["GPG7", "14.4"]
    await wsm.refused(wsm.courses.UpdateCourse(request, metadata=wsm.manager), "ETAG_MISMATCH")


@pytest.mark.parametrize(
    ("fields", "reason", "field"),
    [
        ({"title": text_pb2.LocalizedText(texts={"fr": "Navires"})}, "INVALID_FIELD", "course.title"),
        ({"title": text_pb2.LocalizedText(texts={"en": "x" * 301})}, "INVALID_FIELD", "course.title"),
        ({"description": text_pb2.LocalizedText(texts={"ar": "x"})}, "INVALID_FIELD", "course.description"),
        ({"tags": ["GPG7", "GPG8"]}, "COURSE_TAG_UNKNOWN", "course.tags[1]"),
        ({"tags": ["not a tag"]}, "INVALID_FIELD", "course.tags[0]"),
    ],
)
async def test_texts_and_tags_are_checked(wsm, fields, reason, field):
    await wsm.refused(wsm.create_course(**fields), reason, field=field)


async def test_odd_letters_are_kept(wsm):
    title = text_pb2.LocalizedText(texts={"en": "ab\u202e\U0001f6a2", "ar": "هوية السفن"})
    draft = await wsm.create_course(title=title)
    assert (await get(wsm, draft.name, wsm.manager)).title == title


async def test_only_titles_descriptions_and_tags_can_be_changed(wsm):
    draft = await wsm.create_course()
    request = courses_pb2.UpdateCourseRequest(
        course=course_pb2.Course(name=draft.name), update_mask=FieldMask(paths=["state"])
    )
    await wsm.refused(wsm.courses.UpdateCourse(request, metadata=wsm.manager), "INVALID_FIELD", field="update_mask")


async def test_another_countrys_course_cannot_be_changed(wsm):
    draft = await wsm.create_course()
    ana = wsm.as_("ana", "course_manager", country="FJI")
    request = courses_pb2.UpdateCourseRequest(course=course_pb2.Course(name=draft.name, title=ENGLISH))
    await wsm.refused(wsm.courses.UpdateCourse(request, metadata=ana), "PERMISSION_DENIED")
    await wsm.refused(wsm.upload(draft.name, metadata=ana), "PERMISSION_DENIED")
    publish = wsm.courses.PublishCourse(courses_pb2.PublishCourseRequest(name=draft.name), metadata=ana)
    await wsm.refused(publish, "PERMISSION_DENIED")
    await wsm.refused(wsm.upload(draft.name, metadata=wsm.as_("mele", "learner")), "PERMISSION_DENIED")


async def test_a_name_is_taken_once(wsm):
    await wsm.create_course()
    await wsm.refused(wsm.create_course(), "ALREADY_EXISTS")


async def test_publishing_needs_a_package_of_the_course(wsm):
    course, other = await wsm.create_course(), await wsm.create_course("other")
    await wsm.refused(wsm.publish(course.name), "COURSE_HAS_NO_PACKAGE")
    package = await wsm.upload(other.name)
    await wsm.refused(wsm.publish(course.name, package=package.name), "NOT_FOUND", field="package")


async def test_a_published_course_reaches_another_country_with_its_content(wsm, ton):
    await ton.learn_of("mele")
    course = await wsm.published_course()
    assert course.revision == 1
    message = await wsm.pass_on("course.published", ton)
    assert list(message.recipients) == ["countries/-"]
    assert message.author == "countries/WSM"
    learner = ton.as_("mele", "learner")
    replica = await get(ton, course.name, learner)
    assert (replica.title, replica.package, replica.tags) == (course.title, course.package, course.tags)
    assert [one.name for one in (await listed(ton, learner)).courses] == [course.name]
    assert not (await listed(ton, learner, parent="countries/TON")).courses
    package = await ton.packages.GetPackage(packages_pb2.GetPackageRequest(name=course.package), metadata=learner)
    assert package.available
    request = packages_pb2.GetPackageContentRequest(name=course.package, path="lessons/check-a-vessel.html")
    body = [piece async for piece in ton.packages.GetPackageContent(request, metadata=learner)]
    assert body[0].content_type == "text/html; charset=utf-8"
    assert b"Check a vessel" in b"".join(piece.data for piece in body)
    told = (await ton.topics.wait_sent("bluepacific.notifications.v1.notification.requested"))[0]
    assert list(told.recipients) == ["countries/TON"]


async def test_an_older_revision_never_replaces_a_newer_one(wsm, ton):
    course = await wsm.published_course()
    first = await wsm.pass_on("course.published", ton)
    await wsm.publish(course.name)
    await wsm.pass_on("course.published", ton, count=2)
    await ton.topics.deliver(first)
    assert (await get(ton, course.name, ton.as_("mele", "learner"))).revision == 2


async def test_nobody_publishes_in_anothers_name(wsm, ton):
    course = await wsm.published_course()
    sent = (await wsm.topics.wait_sent("bluepacific.training.v1.course.published"))[0]
    await ton.deliver("course.published", sent.payload, "countries/FJI")
    await ton.deliver("course.published", b"\xff\xff", "countries/WSM")
    other = events_pb2.CoursePublished.FromString(sent.payload)
    other.package.name = other.package.name.replace("vessel-identity", "another")
    await ton.deliver("course.published", other, "countries/WSM")
    await ton.refused(get(ton, course.name, ton.as_("mele", "learner")), "NOT_FOUND")


async def test_content_that_has_not_arrived_is_said_to_be_on_its_way(wsm, ton):
    course = await wsm.published_course()
    sent = (await wsm.topics.wait_sent("bluepacific.training.v1.course.published"))[0]
    await ton.topics.deliver(sent)
    learner = ton.as_("mele", "learner")
    package = await ton.packages.GetPackage(packages_pb2.GetPackageRequest(name=course.package), metadata=learner)
    assert not package.available
    request = packages_pb2.DownloadPackageRequest(name=course.package)
    await ton.refused(anext(aiter(ton.packages.DownloadPackage(request, metadata=learner))), "BLOB_NOT_HERE")


async def test_lists_are_paged_and_filtered(wsm):
    for course_id in ("alpha", "beta", "gamma"):
        await wsm.create_course(course_id)
    await wsm.create_course("delta", tags=["4.4"])
    first = await listed(wsm, wsm.manager, page_size=2)
    second = await listed(wsm, wsm.manager, page_size=2, page_token=first.next_page_token)
    names = [course.name.rpartition("/")[2] for course in (*first.courses, *second.courses)]
    assert names == ["alpha", "beta", "delta", "gamma"]
    found = await listed(wsm, wsm.manager, filter='tags:" 4.4 "')
    assert [course.name.rpartition("/")[2] for course in found.courses] == ["delta"]
    await wsm.refused(listed(wsm, wsm.manager, filter="nonsense = 1"), "INVALID_FILTER", field="filter")


async def test_a_node_that_comes_late_is_sent_what_it_misses(wsm, ton):
    course = await wsm.published_course()
    await ton.pass_on("library.requested", wsm)
    sent = await wsm.topics.wait_sent("bluepacific.training.v1.course.published", 2)
    assert list(sent[1].recipients) == ["countries/TON"]
    await ton.topics.deliver(sent[1])
    assert (await get(ton, course.name, ton.as_("mele", "learner"))).revision == 1
    known = events_pb2.LibraryRequested(
        country="countries/TON", courses=[events_pb2.KnownCourse(name=course.name, revision=1)]
    )
    await wsm.deliver("library.requested", known, "countries/TON")
    keys = await wsm.topics.wait_sent("bluepacific.training.v1.issuer_key.announced", 3)
    assert list(keys[-1].recipients) == ["countries/TON"]
    assert len(await wsm.topics.wait_sent("bluepacific.training.v1.course.published")) == 2


async def test_the_same_file_is_the_same_package(wsm):
    course = await wsm.create_course()
    package = await wsm.upload(course.name)
    assert await wsm.upload(course.name, piece=77) == package
    assert [lesson.mastery_score for lesson in package.lessons] == [0, 80]
    other = await wsm.upload(course.name, honest())
    page = await wsm.packages.ListPackages(packages_pb2.ListPackagesRequest(parent=course.name), metadata=wsm.manager)
    assert [one.name for one in page.packages] == [other.name, package.name]
    assert (await wsm.publish(course.name)).package == other.name


async def test_the_zip_comes_back_as_it_was_sent(wsm):
    course = await wsm.create_course()
    package = await wsm.upload(course.name)
    request = packages_pb2.DownloadPackageRequest(name=package.name)
    call = wsm.packages.DownloadPackage(request, metadata=wsm.manager)
    pieces = [piece async for piece in call]
    assert pieces[0].content_type == "application/zip"
    assert b"".join(piece.data for piece in pieces) == build_package()
    assert dict(await call.initial_metadata())["file-name"] == "vessel-identity.zip"


async def test_a_file_that_is_not_in_the_package_is_not_found(wsm):
    course = await wsm.create_course()
    package = await wsm.upload(course.name)
    for path in ("none.html", "../imsmanifest.xml", "lessons", "lessons/", "/etc/passwd"):
        request = packages_pb2.GetPackageContentRequest(name=package.name, path=path)
        call = wsm.packages.GetPackageContent(request, metadata=wsm.manager)
        await wsm.refused(anext(aiter(call)), "NOT_FOUND")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"not a zip", "PACKAGE_NOT_ZIP"),
        (b"", "PACKAGE_NOT_ZIP"),
        (honest(**{"../up.html": "x"}), "PACKAGE_PATH_ESCAPES"),
        (honest(zeros=b"\0" * 2_000_000), "PACKAGE_ZIP_BOMB"),
        (honest() + b"\0" * 70_000, "BODY_TOO_LARGE"),
    ],
)
async def test_a_refused_package_leaves_nothing(open_classroom, content, reason):
    async with open_classroom("WSM", package_zip_bytes=60_000) as wsm:
        course = await wsm.create_course()
        before = stored(wsm)
        await wsm.refused(wsm.upload(course.name, content), reason)
        page = await wsm.packages.ListPackages(
            packages_pb2.ListPackagesRequest(parent=course.name), metadata=wsm.manager
        )
        assert not page.packages
        assert stored(wsm) == before


def stored(classroom):
    folder = classroom.under_test.seams.blobs.path("0" * 64).parent.parent
    return {path for path in folder.rglob("*") if path.is_file()}


async def test_another_media_type_or_no_course_is_refused(wsm):
    course = await wsm.create_course()
    await wsm.refused(wsm.upload(course.name, content_type="text/html"), "UNSUPPORTED_MEDIA_TYPE")
    await wsm.refused(wsm.upload("countries/WSM/courses/none"), "NOT_FOUND")
    nothing = wsm.packages.UploadPackage(aiter_of(), metadata=wsm.manager)
    await wsm.refused(nothing, "INVALID_FIELD", field="parent")


async def aiter_of(*items):
    for item in items:
        yield item
