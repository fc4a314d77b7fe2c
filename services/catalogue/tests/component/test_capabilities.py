import uuid

import pytest
from office import PUBLISHED, REQUESTED, VESSELS

from bluepacific.catalogue.v1 import capability_pb2, events_pb2
from bluepacific.common.v1 import text_pb2

DATA = capability_pb2.CAPABILITY_KIND_DATA


def texts(**by_language):
    return text_pb2.LocalizedText(texts=by_language)


async def codes(office, **fields):
    return [one.name.rpartition("/")[2] for one in (await office.list(page_size=100, **fields)).capabilities]


async def test_the_centre_publishes_the_reference_list_and_fiji_reads_it_in_four_languages(wsm, fji):
    published = await wsm.publish()
    assert len(published.published) == 38
    assert not published.unchanged
    message = await wsm.pass_on(PUBLISHED, fji)
    assert (list(message.recipients), message.author) == (["countries/-"], "countries/WSM")
    assert len(await codes(fji)) == 38
    assert await codes(fji) == await codes(wsm)
    for language, title, description in (
        ("en", "Stolen Vessels", "Stolen boats and engines."),
        ("fr", "Bateaux volés", "Bateaux et moteurs volés."),
        ("es", "Embarcaciones robadas", "Embarcaciones y motores robados."),
        ("ar", "السفن المسروقة", "القوارب والمحركات المسروقة."),
    ):
        capability = await fji.get(metadata=fji.as_("litia", "officer@tcu", language=language))
        assert (capability.display_name, capability.display_description) == (title, description)
        assert capability.title.texts[language] == title
    assert set(capability.title.texts) == set(capability.description.texts) == {"en", "fr", "es", "ar"}
    assert (capability.revision, capability.kind) == (1, DATA)
    assert (list(capability.goals), list(capability.sdg_targets)) == (["GPG6", "GPG7"], ["14.4", "16.4"])


async def test_what_is_published_already_stays_as_it_is(wsm):
    assert (await wsm.publish("SV")).published == [VESSELS]
    await wsm.update(title=texts(en="Boats"))
    again = await wsm.publish("SV", "IFRS")
    assert again.published == ["countries/WSM/capabilities/IFRS"]
    assert again.unchanged == [VESSELS]
    assert (await wsm.get()).display_name == "Boats"
    assert len(await wsm.topics.wait_sent(PUBLISHED, 3)) == 3


async def test_a_repeat_gets_the_first_answer(wsm):
    request_id = str(uuid.uuid4())
    first = await wsm.publish(request_id=request_id)
    assert await wsm.publish(request_id=request_id) == first


async def test_only_the_centre_publishes(fji, wsm):
    manager = fji.as_("eroni", "course_manager@academy", "liaison@ncb")
    await fji.refused(fji.publish(metadata=manager), "CATALOGUE_BELONGS_TO_CENTRE")
    await fji.refused(fji.create(metadata=manager), "CATALOGUE_BELONGS_TO_CENTRE")
    await fji.refused(fji.publish(metadata=manager, parent="countries/WSM"), "PERMISSION_DENIED")
    await wsm.refused(wsm.publish(metadata=wsm.as_("a", "officer@ptccc", "administrator@ptccc")), "PERMISSION_DENIED")
    await wsm.refused(wsm.publish("NO-SUCH"), "CAPABILITY_NOT_IN_REFERENCE", field="codes")
    assert not await codes(wsm)
    assert not [message for message in (*fji.topics.sent, *wsm.topics.sent) if message.topic == PUBLISHED]


async def test_another_country_of_the_settings_can_be_the_centre(open_office):
    async with open_office("FJI", centre_country="FJI") as centre:
        assert (await centre.publish("SV")).published == ["countries/FJI/capabilities/SV"]


async def test_filters_by_kind_goal_and_target(wsm):
    await wsm.publish()
    assert await codes(wsm, filter="kind = LEGAL") == ["CCF", "CONSTITUTION", "RPD"]
    sea = ["ACADEMY", "ENVIRONMENT", "GMSD", "I-24-7", "SV"]
    assert await codes(wsm, filter="goals:GPG7") == await codes(wsm, filter="goals = GPG7") == sea
    assert await codes(wsm, filter='sdg_targets:"14.4" AND kind = DATA') == ["GMSD", "SV"]
    assert await codes(wsm, filter="sdg_targets:6.4") == []
    assert len(await codes(wsm, filter="goals != GPG7")) == 38 - len(sea)
    assert len(await codes(wsm, parent="countries/WSM")) == 38
    assert await codes(wsm, parent="countries/FJI") == []
    await wsm.refused(wsm.list(filter="title = SV"), "INVALID_FILTER", field="filter")


async def test_pages_come_one_after_the_other(wsm):
    await wsm.publish()
    seen, token = [], ""
    while True:
        page = await wsm.list(page_size=15, page_token=token)
        seen += [one.name for one in page.capabilities]
        token = page.next_page_token
        if not token:
            break
    assert len(seen) == 38
    assert seen == sorted(seen)
    page = await wsm.list(page_size=15)
    await wsm.refused(wsm.list(filter="kind = DATA", page_token=page.next_page_token), "INVALID_PAGE_TOKEN")
    await wsm.refused(wsm.list(page_size=-1), "INVALID_FIELD", field="page_size")


async def test_a_capability_beyond_the_list(wsm, fji):
    made = await wsm.create(goals=["GPG7"], sdg_targets=["14.4"])
    assert (made.name, made.revision, made.display_name) == ("countries/WSM/capabilities/DRONES", 1, "Drones")
    await wsm.pass_on(PUBLISHED, fji)
    assert (await fji.get(made.name)).etag == made.etag
    await wsm.refused(wsm.create(), "ALREADY_EXISTS")
    await wsm.refused(wsm.create("X1", title=texts(fr="Drones")), "INVALID_FIELD", field='capability.title.texts["en"]')
    await wsm.refused(
        wsm.create("X1", title=texts(en="x" * 301)), "INVALID_FIELD", field='capability.title.texts["en"]'
    )
    await wsm.refused(wsm.create("X1", kind=0), "INVALID_FIELD", field="capability.kind")
    await wsm.refused(wsm.create("X1", kind=77), "INVALID_FIELD", field="capability.kind")
    await wsm.refused(wsm.create("X1", goals=["GPG8"]), "INVALID_FIELD", field="capability.goals[0]")
    await wsm.refused(wsm.create("X1", sdg_targets=["18.1"]), "INVALID_FIELD", field="capability.sdg_targets[0]")
    await wsm.refused(wsm.create("lower"), "INVALID_FIELD", field="capability_id")
    await wsm.refused(wsm.get("countries/WSM/capabilities/X1"), "NOT_FOUND")


async def test_a_revision_needs_the_current_etag_and_replaces_the_last_one_everywhere(wsm, fji):
    await wsm.publish("SV")
    first = await wsm.pass_on(PUBLISHED, fji)
    before = await wsm.get()
    revised = await wsm.update(title=texts(en="Boats"), goals=["GPG7"], etag=before.etag, paths=["title", "goals"])
    assert (revised.revision, list(revised.goals), revised.kind) == (2, ["GPG7"], DATA)
    assert revised.description == before.description
    await wsm.refused(wsm.update(title=texts(en="Ships"), etag=before.etag), "ETAG_MISMATCH")
    await wsm.pass_on(PUBLISHED, fji, count=2)
    assert (await fji.get()).display_name == "Boats"
    # What was late changes nothing.
    await fji.deliver(PUBLISHED, first.payload, "countries/WSM")
    assert (await fji.get()).revision == 2


async def test_a_change_that_changes_nothing_is_no_revision(wsm):
    await wsm.publish("SV")
    assert (await wsm.update(goals=["GPG6", "GPG7"])).revision == 1
    await wsm.create()
    assert len(await wsm.topics.wait_sent(PUBLISHED, 2)) == 2


async def test_bad_updates_change_nothing(wsm):
    await wsm.publish("SV")
    await wsm.refused(wsm.update(paths=["revision"]), "INVALID_FIELD", field="update_mask")
    await wsm.refused(wsm.update(paths=["title"]), "INVALID_FIELD", field='capability.title.texts["en"]')
    await wsm.refused(wsm.update(VESSELS.replace("SV", "XX"), goals=["GPG1"]), "NOT_FOUND")
    for name in ("", "nonsense", "countries/WSM", "countries/WSM/capabilities/\0", "countries/WSM/units/ncb"):
        await wsm.refused(wsm.update(name, goals=["GPG1"]), "INVALID_FIELD", field="capability.name")
    assert (await wsm.get()).revision == 1


async def test_a_node_that_joined_later_asks_and_gets_what_it_lacks(wsm, fji):
    await wsm.publish("SV", "DNA", "IFRS")
    message = (await wsm.topics.wait_sent(PUBLISHED))[0]
    some = events_pb2.CapabilitiesPublished.FromString(message.payload)
    del some.capabilities[1:]
    await fji.deliver(PUBLISHED, some, "countries/WSM")
    asked = (await fji.topics.wait_sent(REQUESTED))[0]
    assert (list(asked.recipients), asked.author) == (["countries/WSM"], "countries/FJI")
    request = events_pb2.CatalogueRequested(country="countries/FJI")
    request.capabilities.add(name=some.capabilities[0].name, revision=1)
    await wsm.deliver(REQUESTED, request, "countries/FJI")
    answer = await wsm.pass_on(PUBLISHED, fji, count=2)
    assert list(answer.recipients) == ["countries/FJI"]
    assert len(events_pb2.CapabilitiesPublished.FromString(answer.payload).capabilities) == 2
    assert len(await codes(fji)) == 3


async def test_who_has_everything_gets_nothing_and_only_the_centre_answers(wsm, stocked):
    known = events_pb2.CatalogueRequested(country="countries/FJI")
    for one in (await stocked.list(page_size=100)).capabilities:
        known.capabilities.add(name=one.name, revision=one.revision)
    await wsm.deliver(REQUESTED, known, "countries/FJI")
    await wsm.deliver(REQUESTED, events_pb2.CatalogueRequested(country="countries/FJI"), "countries/TON")
    await stocked.deliver(REQUESTED, events_pb2.CatalogueRequested(country="countries/TON"), "countries/TON")
    await wsm.create()
    assert len(await wsm.topics.wait_sent(PUBLISHED, 2)) == 2
    assert not [message for message in stocked.topics.sent if message.topic == PUBLISHED]


@pytest.mark.parametrize("author", ["countries/TON", "countries/TON/units/ncb", "countries/FJI"])
async def test_nobody_else_publishes_to_others(wsm, fji, author):
    await wsm.publish("SV")
    message = (await wsm.topics.wait_sent(PUBLISHED))[0]
    await fji.deliver(PUBLISHED, message.payload, author)
    own = events_pb2.CapabilitiesPublished.FromString(message.payload)
    own.capabilities[0].name = f"countries/{author.split('/')[1]}/capabilities/SV"
    await fji.deliver(PUBLISHED, own, author)
    await fji.deliver(PUBLISHED, own, "countries/WSM")
    assert not await codes(fji)


async def test_unreadable_payloads_are_set_aside(wsm, fji):
    await wsm.publish("SV")
    message = (await wsm.topics.wait_sent(PUBLISHED))[0]
    for change in (
        {"name": "countries/WSM/capabilities/x"},
        {"revision": 0},
        {"kind": 0},
        {"title": texts(fr="Bateaux")},
        {"create_time": {"seconds": 10**14}},
    ):
        payload = events_pb2.CapabilitiesPublished.FromString(message.payload)
        for field in change:
            payload.capabilities[0].ClearField(field)
        payload.capabilities[0].MergeFrom(capability_pb2.Capability(**change))
        await fji.deliver(PUBLISHED, payload, "countries/WSM")
    await fji.deliver(PUBLISHED, b"\xff\xff", "countries/WSM")
    await fji.deliver(PUBLISHED, events_pb2.CapabilitiesPublished(), "countries/WSM")
    assert not await codes(fji)
    await fji.deliver(PUBLISHED, message.payload, "countries/WSM")
    assert await codes(fji) == ["SV"]
