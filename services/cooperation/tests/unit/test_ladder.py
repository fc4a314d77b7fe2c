from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bp_cooperation.domain.ladder import RUNGS, Rung, ladders, merge

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
UNITS = ("countries/TON/units/ncb", "countries/WSM/units/ptccc")
rungs = st.lists(
    st.builds(
        Rung,
        unit=st.sampled_from(UNITS),
        state=st.sampled_from(RUNGS),
        time=st.integers(0, 5).map(lambda minutes: NOON + timedelta(minutes=minutes)),
        ground=st.sampled_from(["", "CONTENT_EXPIRED"]),
    ),
    max_size=12,
)


@given(rungs, rungs)
def test_rungs_told_twice_or_in_another_order_make_the_same_ladder(some, others):
    told = merge([*some, *others])
    assert merge([*others, *some]) == told
    assert merge([*told, *some]) == told
    assert merge([*merge(some), *merge(others)]) == told


@given(rungs, rungs)
def test_a_ladder_only_climbs(some, more):
    before = {ladder.unit: ladder.state for ladder in ladders(some, UNITS)}
    after = {ladder.unit: ladder.state for ladder in ladders([*some, *more], UNITS)}
    assert all(RUNGS.index(after[unit]) >= RUNGS.index(state) for unit, state in before.items())


def test_what_a_person_saw_counts_more_than_a_later_end():
    told = [Rung(UNITS[0], state, NOON) for state in ("OPENED", "EXPIRED", "QUEUED")]
    assert [ladder.state for ladder in ladders(told, UNITS)] == ["OPENED"]
    refused = [*told[1:], Rung(UNITS[1], "REFUSED", NOON, "BUNDLE_NOT_STIX")]
    assert [(one.state, one.ground) for one in ladders(refused, UNITS)] == [
        ("EXPIRED", ""),
        ("REFUSED", "BUNDLE_NOT_STIX"),
    ]
