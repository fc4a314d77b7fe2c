"""Entities are found by their words and types, on both databases alike, and only within one's rights."""

import json

import pytest
from bureau import FJI, TON
from stix import bundle, place, relation, vessel

from bluepacific.cooperation.v1 import entity_service_pb2 as entities_pb2


@pytest.fixture
async def found(ton):
    """Searches at Tonga's node, which has its own request with some entities."""
    ship = vessel("FV Moana Star", x_owner={"name": "Moana_Star 100%"}, x_serial=7.5)
    port = place("Nuku\u02bbalofa Anchorage")
    await ton.sent_request(recipients=[FJI], bundle=bundle(ship, port, relation(ship, port)))

    async def search(query="", **fields):
        return [one.display_name for one in (await ton.search(query, **fields)).entities]

    search.ship = ship
    return search


async def test_words_are_found_in_any_spelling(found):
    assert await found("moana") == ["FV Moana Star"]
    assert await found("STAR moa") == ["FV Moana Star"]
    assert await found("nuku'alofa") == ["Nuku\u02bbalofa Anchorage"]
    assert await found("100%") == ["FV Moana Star"]
    assert await found("moana_star") == ["FV Moana Star"]
    assert await found("moana%star") == []
    assert await found("moana lupe") == []
    assert await found(found.ship["id"]) == ["FV Moana Star"]


async def test_types_filters_and_countries_narrow_it(found, ton):
    assert await found(type="location") == ["Nuku\u02bbalofa Anchorage"]
    assert await found(filter=f'stix_id = "{found.ship["id"]}" AND tlp = AMBER') == ["FV Moana Star"]
    assert len(await found()) == 3
    assert await found(parent="countries/FJI") == []
    assert len(await found(parent="countries/TON")) == 3
    await ton.refused(ton.search("a\0"), "INVALID_FIELD", field="query")
    await ton.refused(ton.search(type="Location"), "INVALID_FIELD", field="type")
    await ton.refused(ton.search(filter="words:x"), "INVALID_FILTER")


async def test_pages_belong_to_their_search(found, ton):
    page = await ton.search("", page_size=2)
    rest = await ton.search("", page_size=2, page_token=page.next_page_token)
    assert len(page.entities) + len(rest.entities) == 3
    await ton.refused(ton.search("moana", page_token=page.next_page_token), "INVALID_PAGE_TOKEN")
    assert not page.entities[0].stix


async def test_an_entity_comes_back_as_it_was(found, ton):
    name = (await ton.search("moana")).entities[0].name
    entity = await ton.entities.GetEntity(entities_pb2.GetEntityRequest(name=name), metadata=ton.officer)
    assert json.loads(entity.stix) == found.ship
    assert (entity.unit, entity.type, entity.stix_id) == (TON, "infrastructure", found.ship["id"])


async def test_drafts_are_not_searched(fji):
    draft = await fji.draft(bundle=bundle(vessel()))
    assert not (await fji.search("moana")).entities
    await fji.send(draft.name)
    assert len((await fji.search("moana")).entities) == 1


async def test_an_entity_has_one_name_everywhere_and_reading_it_opens_its_source(fji, ton):
    await fji.sent_request(bundle=bundle(vessel()))
    await fji.pass_on("request.opened", ton)
    here, there = [(await bureau.search("moana")).entities[0] for bureau in (fji, ton)]
    assert here.name == there.name
    await ton.entities.GetEntity(entities_pb2.GetEntityRequest(name=there.name), metadata=ton.officer)
    assert (await ton.topics.wait_reports())[0].recipient == TON
