from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluepacific.catalogue.v1 import capability_pb2
from bp_catalogue.adapters.messages import capability_message, facts_of, replica_of
from bp_catalogue.adapters.outlet import batches
from bp_catalogue.adapters.reference import reference_capabilities
from bp_catalogue.domain.capability import KINDS, Facts, first_revision
from bp_catalogue.domain.names import agreement_name, report_name, request_name
from bp_kit.errors import Refused
from bp_kit.language import LANGUAGES
from bp_kit.validation import check

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
NAME = "countries/WSM/capabilities/SV"
titles = st.sampled_from(["Boats", "Ships", "Vessels"])


def facts(title="Boats", **changes):
    return replace(Facts({"en": title}, kind="DATA"), **changes)


def revisions(several):
    """Returns a capability's revisions, as the centre published them."""
    found = [first_revision(NAME, facts(), NOON)]
    for minutes, title in enumerate(several, start=1):
        found.append(found[-1].revised(facts(title), NOON + timedelta(minutes=minutes)))
    return found


@given(st.lists(titles, max_size=8), st.data())
def test_the_newest_revision_wins_whatever_the_order_and_repeats(several, data):
    published = revisions(several)
    arrivals = data.draw(st.permutations(published + data.draw(st.lists(st.sampled_from(published)))))
    kept, seen = None, []
    for arrived in arrivals:
        if arrived.replaces(kept):
            kept = arrived
        seen.append(kept.revision)
    assert kept == published[-1]
    assert seen == sorted(seen)


@given(st.lists(titles, max_size=8))
def test_a_revision_counts_only_changes(several):
    published = revisions(several)
    for before, after in pairwise(published):
        assert after.revision - before.revision == (after.facts != before.facts)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (facts(kind=""), "capability.kind"),
        (facts(title=""), 'capability.title.texts["en"]'),
        (facts(description={"fr": "Bateaux"}), 'capability.description.texts["en"]'),
        (facts(title="x" * 301), 'capability.title.texts["en"]'),
        (facts(title="a\0b"), 'capability.title.texts["en"]'),
        (facts(description={"en": "x", "ar": "x" * 2001}), 'capability.description.texts["ar"]'),
    ],
)
def test_facts_that_cannot_be_published(wrong, field):
    with pytest.raises(Refused) as refused:
        wrong.check()
    assert (refused.value.reason, refused.value.field) == ("INVALID_FIELD", field)


@pytest.mark.parametrize(("code", "entry"), reference_capabilities().items())
def test_the_reference_list_is_complete_in_four_languages(code, entry):
    entry.check()
    assert entry.kind in KINDS
    assert set(entry.title) == set(entry.description) == set(LANGUAGES)
    message = capability_message(first_revision(f"countries/WSM/capabilities/{code}", entry, NOON))
    check(message)
    assert facts_of(message) == entry


def test_a_capability_crosses_a_border_unchanged():
    capability = first_revision(NAME, facts(goals=("GPG7",), sdg_targets=("14.4",)), NOON)
    assert replica_of(capability_message(capability)) == capability


@given(st.lists(st.integers(1, 400_000), max_size=120))
def test_messages_take_everything_in_order_and_stay_small(sizes):
    capabilities = [capability_pb2.Capability(display_name="x" * size) for size in sizes]
    split = list(batches(capabilities))
    assert [one for batch in split for one in batch] == capabilities
    for batch in split:
        assert 1 <= len(batch) <= 50
        assert len(batch) == 1 or sum(one.ByteSize() for one in batch) <= 256 * 1024


def test_names():
    assert report_name("FJI", "countries/WSM/capabilities/I-24-7") == "countries/FJI/uptakeReports/wsm-i-24-7"
    assert request_name(agreement_name("countries/FJI/accessRequests/1")) == "countries/FJI/accessRequests/1"
