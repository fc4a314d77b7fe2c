from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bp_cooperation.domain.directive import Directive
from bp_cooperation.domain.handling import NO_OPERATION, TLP, Handling
from bp_kit.errors import Refused

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
CODES = ("FJI", "TON", "WSM", "VUT")
OPERATIONS = tuple(f"countries/FJI/operations/0199aaaa-5b7a-7e3c-9a1b-2f4d6c8e0a1{number}" for number in "12")
UNITS = tuple(f"countries/{code}/units/ncb" for code in CODES)
moments = st.none() | st.integers(0, 10).map(lambda days: NOON + timedelta(days=days))
handlings = st.builds(
    Handling,
    tlp=st.sampled_from(TLP),
    purpose=st.just("INVESTIGATION"),
    releasable_to=st.sets(st.sampled_from(CODES)).map(lambda codes: tuple(sorted(codes))),
    retention_time=moments,
    codes=st.sets(st.sampled_from(("H1", "H2", "H3"))).map(lambda codes: tuple(sorted(codes))),
    exercise=st.none().map(bool),
    operation=st.sampled_from(("", *OPERATIONS)),
)


def stricter_or_equal(one, other):
    """Tells whether nothing of the one is looser than the other."""
    return (
        TLP.index(one.tlp) >= TLP.index(other.tlp)
        and all(other.allows(unit) for unit in UNITS if one.allows(unit))
        and {*one.codes} >= {*other.codes}
        and other.operation in ("", one.operation if one.operation != NO_OPERATION else other.operation)
        and (other.retention_time is None or (one.retention_time and one.retention_time <= other.retention_time))
    )


@given(handlings, handlings)
def test_a_merge_is_at_least_as_strict_as_both(one, other):
    merged = one.tightened(other)
    assert stricter_or_equal(merged, one)
    assert stricter_or_equal(merged, other)


@given(st.lists(handlings, min_size=1, max_size=8))
def test_no_sequence_of_merges_and_directives_lowers_a_label(told):
    kept = told[0]
    for number, handling in enumerate(told[1:]):
        directive = directive_of(handling)
        after = directive.applied_to(kept) if number % 2 else kept.tightened(handling)
        assert stricter_or_equal(after, kept)
        assert after.within(kept)
        kept = after
    assert stricter_or_equal(kept, reduce(Handling.tightened, told))


@given(handlings, handlings)
def test_only_the_owners_permission_loosens(known, told):
    permitted = directive_of(told, downgrade=True).applied_to(known)
    assert permitted == told
    assert stricter_or_equal(directive_of(told).applied_to(known), known)


def directive_of(handling, **fields):
    record = "countries/FJI/requests/0199aaaa-5b7a-7e3c-9a1b-2f4d6c8e0a11"
    name = f"{record}/directives/0199aaaa-5b7a-7e3c-9a1b-2f4d6c8e0a12"
    unit, officer = "countries/FJI/units/ncb", "countries/FJI/officers/ana"
    return Directive(name, record, "HANDLING", unit, officer, "PROTECTION", NOON, NOON, handling=handling, **fields)


@given(handlings, handlings)
def test_an_exercise_never_merges_with_the_real(one, other):
    drill = replace(other, exercise=True)
    with pytest.raises(Refused, match="EXERCISE_MIXED"):
        one.tightened(drill)
    # A directive cannot turn the one into the other.
    assert not directive_of(drill, downgrade=True).applied_to(one).exercise


@given(handlings, handlings, handlings)
def test_the_order_of_merges_does_not_matter(one, other, third):
    assert one.tightened(other) == other.tightened(one)
    assert one.tightened(other).tightened(third) == one.tightened(other.tightened(third))
    assert one.tightened(one) == one


def test_what_belongs_to_two_operations_is_for_nobody():
    one, other = (Handling("AMBER", "INVESTIGATION", operation=name) for name in OPERATIONS)
    none = Handling("AMBER", "INVESTIGATION")
    assert one.tightened(other).operation == NO_OPERATION
    assert one.tightened(none).operation == none.tightened(one).operation == one.operation
    assert one.within(none)
    assert not none.within(one)
    assert not other.within(one)
    # ZZZ is no country's code: nobody can lead it, and so nobody be a member.
    assert NO_OPERATION.startswith("countries/ZZZ/")


def test_a_merge_keeps_the_purpose_of_what_was_asked():
    asked = Handling("AMBER", "INVESTIGATION")
    assert asked.tightened(Handling("RED", "TRAINING")).purpose == "INVESTIGATION"


def test_named_countries_shut_others_out():
    assert Handling("AMBER", "INVESTIGATION").allows("countries/TON/units/ncb")
    named = Handling("AMBER", "INVESTIGATION", ("FJI",))
    assert named.allows("countries/FJI/units/ncb")
    assert not named.allows("countries/TON/units/ncb")


@pytest.mark.parametrize(("days", "taken"), [(None, True), (0, False), (-1, False), (1, True), (10, True), (11, False)])
def test_retention_lies_between_now_and_the_longest(days, taken):
    given_time = None if days is None else NOON + timedelta(days=days)
    handling = Handling("AMBER", "INVESTIGATION", (), given_time)
    bounds = {"usual": timedelta(days=5), "longest": timedelta(days=10), "field": "request.handling"}
    if not taken:
        with pytest.raises(Refused, match="RETENTION_TIME_INVALID") as refused:
            handling.retained(NOON, **bounds)
        assert refused.value.field == "request.handling.retention_time"
        return
    retained = handling.retained(NOON, **bounds)
    assert retained.retention_time == (given_time or NOON + timedelta(days=5))
    assert not retained.expired(NOON)
    assert retained.expired(retained.retention_time)
