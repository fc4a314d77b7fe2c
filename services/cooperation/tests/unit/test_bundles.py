import copy
import json
import uuid

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stix import TIME, bundle, entity, place, relation, vessel

from bp_cooperation.adapters.stix import StixBundles
from bp_cooperation.domain.bundle import MAX_OBJECTS, parse_bundle
from bp_cooperation.domain.entity import entity_of, query_words
from bp_cooperation.domain.handling import Handling
from bp_cooperation.domain.text import folded
from bp_kit.errors import Refused

FIELD = "request.bundle"
SOURCE, UNIT = "countries/TON/requests/x", "countries/TON/units/ncb"


def read(text, known=()):
    return StixBundles().read(text, field=FIELD, known=known)


def made(properties):
    from datetime import UTC, datetime

    handling = Handling("AMBER", "INVESTIGATION")
    moment = datetime(2026, 5, 4, tzinfo=UTC)
    return entity_of(properties, source=SOURCE, unit=UNIT, handling=handling, send_time=moment)


async def test_a_real_bundle_is_taken_apart():
    ship, port = vessel(), place()
    objects = await read(bundle(ship, port, relation(ship, port)))
    assert objects[:2] == [ship, port]
    assert await read("") == []
    assert await read(bundle()) == []


async def test_what_nobody_defined_is_kept():
    custom = entity("x-fji-vessel", imo="9074729", x_nested={"deep": [1, 2.5, None, True]})
    extended = vessel(
        extensions={"extension-definition--" + str(uuid.uuid4()): {"extension_type": "property-extension", "n": 1}},
        x_owner={"name": "Moana Star Fishing Ltd"},
    )
    observable = {"type": "ipv4-addr", "id": f"ipv4-addr--{uuid.uuid4()}", "value": "192.0.2.7"}
    before = copy.deepcopy([custom, extended, observable])
    assert await read(bundle(custom, extended, observable)) == before
    assert [json.loads(made(one).stix) for one in before] == before


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(json_values)
@example("\0")
@example({"a": -0.0, "b": 1e300})
def test_custom_content_survives_whatever_it_is(value):
    ship = vessel(x_content=value)
    objects = parse_bundle(bundle(ship), FIELD)
    assert objects == [ship]
    found = made(objects[0])
    assert json.loads(found.stix) == ship
    assert "\0" not in found.stix + found.words + found.display_name


def without(properties, key):
    return {name: value for name, value in properties.items() if name != key}


SHIP = vessel()
BROKEN = [
    ("{", "BUNDLE_NOT_JSON", FIELD),
    ("[" * 100_000, "BUNDLE_NOT_JSON", FIELD),
    ('{"type": "bundle", "type": "bundle"}', "BUNDLE_NOT_JSON", FIELD),
    (bundle(vessel(x="\ud800")).replace("\ud800", "\\ud800"), "BUNDLE_NOT_JSON", FIELD),
    (bundle(vessel(x=2**53)), "BUNDLE_NOT_JSON", FIELD),
    (bundle(vessel(x=1)).replace('"x": 1', '"x": ' + "9" * 5000), "BUNDLE_NOT_JSON", FIELD),
    (bundle(vessel(x=1)).replace('"x": 1', '"x": 1e400'), "BUNDLE_NOT_JSON", FIELD),
    (bundle(vessel(x=1)).replace('"x": 1', '"x": NaN'), "BUNDLE_NOT_JSON", FIELD),
    (bundle(vessel(x=json.loads("[" * 50 + "]" * 50))), "BUNDLE_NOT_JSON", FIELD),
    ("[]", "BUNDLE_NOT_STIX", FIELD),
    ("null", "BUNDLE_NOT_STIX", FIELD),
    (json.dumps(SHIP), "BUNDLE_NOT_STIX", f"{FIELD}.type"),
    (bundle(type="Bundle"), "BUNDLE_NOT_STIX", f"{FIELD}.type"),
    (bundle(id="bundle--1"), "BUNDLE_NOT_STIX", f"{FIELD}.id"),
    (bundle(id=SHIP["id"]), "BUNDLE_NOT_STIX", f"{FIELD}.id"),
    (bundle(objects={}), "BUNDLE_NOT_STIX", f"{FIELD}.objects"),
    (bundle(spec_version="2.0"), "BUNDLE_SPEC_VERSION", f"{FIELD}.spec_version"),
    (bundle(SHIP, "vessel"), "BUNDLE_NOT_STIX", f"{FIELD}.objects[1]"),
    (bundle(SHIP, SHIP, SHIP, {**SHIP, "type": 7}), "BUNDLE_DUPLICATE_ID", f"{FIELD}.objects[1].id"),
    (bundle(SHIP, {**SHIP, "type": 7}), "BUNDLE_NOT_STIX", f"{FIELD}.objects[1].type"),
    (bundle({**SHIP, "type": "Vessel"}), "BUNDLE_NOT_STIX", f"{FIELD}.objects[0].type"),
    (bundle({**SHIP, "type": "identity"}), "BUNDLE_NOT_STIX", f"{FIELD}.objects[0].id"),
    (bundle(without(SHIP, "id")), "BUNDLE_NOT_STIX", f"{FIELD}.objects[0].id"),
    (bundle(json.loads(bundle(SHIP))), "BUNDLE_NOT_STIX", f"{FIELD}.objects[0].type"),
    (bundle({**SHIP, "spec_version": "2.0"}), "BUNDLE_SPEC_VERSION", f"{FIELD}.objects[0].spec_version"),
    (bundle(without(SHIP, "spec_version")), "BUNDLE_SPEC_VERSION", f"{FIELD}.objects[0].spec_version"),
    (bundle(*[vessel() for _ in range(MAX_OBJECTS + 1)]), "BUNDLE_OBJECT_LIMIT", f"{FIELD}.objects"),
    (bundle(SHIP, relation(SHIP, place())), "BUNDLE_DANGLING_REFERENCE", f"{FIELD}.objects[1].target_ref"),
    (
        bundle(entity("grouping", context="suspicious-activity", object_refs=[SHIP["id"], place()["id"]]), SHIP),
        "BUNDLE_DANGLING_REFERENCE",
        f"{FIELD}.objects[0].object_refs[1]",
    ),
    (
        bundle(vessel(x_nested=[{"owner_ref": place()["id"]}])),
        "BUNDLE_DANGLING_REFERENCE",
        f"{FIELD}.objects[0].x_nested[0].owner_ref",
    ),
    (bundle(without(SHIP, "name")), "BUNDLE_OBJECT_INVALID", f"{FIELD}.objects[0].name"),
    (bundle({**SHIP, "created": "yesterday"}), "BUNDLE_OBJECT_INVALID", f"{FIELD}.objects[0].created"),
    (bundle({**SHIP, "revoked": "maybe"}), "BUNDLE_OBJECT_INVALID", f"{FIELD}.objects[0].revoked"),
    (bundle(SHIP, entity("location", name="nowhere")), "BUNDLE_OBJECT_INVALID", f"{FIELD}.objects[1]"),
    (bundle({**SHIP, "external_references": 7}), "BUNDLE_OBJECT_INVALID", f"{FIELD}.objects[0].external_references"),
    (
        bundle(entity("indicator", pattern="[file:name =", pattern_type="stix", valid_from=TIME)),
        "BUNDLE_OBJECT_INVALID",
        f"{FIELD}.objects[0].pattern",
    ),
]


@pytest.mark.parametrize(("text", "reason", "field"), BROKEN, ids=range(len(BROKEN)))
async def test_what_is_not_a_bundle_is_refused_where_it_is_not(text, reason, field):
    with pytest.raises(Refused, match=reason) as refused:
        await read(text)
    assert refused.value.field == field or (reason == "BUNDLE_OBJECT_INVALID" and field.startswith(refused.value.field))


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["infrastructure", "location", "identity", "relationship", "file", "malware-analysis", "x-boat"]),
    st.dictionaries(
        st.sampled_from(["name", "spec_version", "created", "object_marking_refs", "granular_markings", "extensions"])
        | st.sampled_from(["source_ref", "hashes", "labels", "confidence", "latitude", "lang", "x_y", "aliases"]),
        json_values,
        max_size=6,
    ),
)
async def test_odd_objects_are_taken_or_refused_and_nothing_else(kind, values):
    properties = {**entity(kind), **values}
    try:
        objects = await read(bundle(properties))
    except Refused as refused:
        assert refused.reason.startswith("BUNDLE_")
    else:
        assert objects == [properties]


async def test_references_may_lead_to_what_was_said_before_and_to_common_markings():
    earlier, port = vessel(), place()
    text = bundle(port, relation(earlier, port))
    with pytest.raises(Refused, match="BUNDLE_DANGLING_REFERENCE"):
        await read(text)
    assert len(await read(text, known=[earlier["id"]])) == 2
    assert len(await read(text, known=None)) == 2
    marked = vessel(
        object_marking_refs=["marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"],
        created_by_ref=f"identity--{uuid.uuid4()}",
    )
    assert len(await read(bundle(marked))) == 1


def test_entities_have_the_same_name_at_every_node():
    ship = vessel()
    assert made(ship) == made(copy.deepcopy(ship))
    assert made(ship).name.startswith("countries/TON/entities/")
    assert made(ship).name != made(vessel()).name


@pytest.mark.parametrize(
    ("properties", "name"),
    [
        ({"type": "ipv4-addr", "id": "ipv4-addr--1", "value": "192.0.2.7"}, "192.0.2.7"),
        ({"type": "x-a", "id": "x-a--1", "name": 7}, "x-a--1"),
        ({"type": "x-a", "id": "x-a--1", "name": "\0\u202e "}, "x-a--1"),
        ({"type": "x-a", "id": "x-a--1", "name": "a" * 400}, "a" * 300),
    ],
)
def test_an_entity_is_called_by_its_name_or_value(properties, name):
    assert made(properties).display_name == name


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("NUKU'ALOFA", "Nuku\u02bbalofa"),
        ("nuku\u2018alofa", "NUKU`ALOFA anchorage"),
        ("tamaki", "Tāmaki Makaurau"),
        ("straße", "STRASSE"),
        ("ﬁji", "Fiji"),
    ],
)
def test_words_are_found_however_they_are_spelt(query, text):
    assert folded(query) in folded(text)


def test_words_come_from_names_and_values_everywhere_in_the_object():
    words = made(vessel(aliases=["Blue Marlin"], x_owner={"name": "Moana Ltd", "x_ref": "not-this"})).words
    assert "blue marlin" in words
    assert "moana ltd" in words
    assert "not-this" not in words


def test_a_search_has_few_words():
    assert query_words("  Star  MOANA star ") == ("star", "moana")
    with pytest.raises(Refused, match="INVALID_FIELD") as refused:
        query_words(" ".join(f"w{number}" for number in range(11)))
    assert refused.value.field == "query"
