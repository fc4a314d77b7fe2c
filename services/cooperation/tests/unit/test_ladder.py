from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bp_cooperation.domain.ladder import RUNGS, Rung, ladders, merge

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
UNITS = ("countries/TON/units/ncb", "countries/WSM/units/ptccc")
TAKEN = ("ACCEPTED", "DELIVERED", "OPENED", "ACTIONED", "RECALLED")


def _rungs(grounds):
    rung = st.builds(
        Rung,
        unit=st.sampled_from(UNITS),
        state=st.sampled_from(RUNGS),
        time=st.integers(0, 5).map(lambda minutes: NOON + timedelta(minutes=minutes)),
        ground=st.sampled_from(grounds),
    )
    return st.lists(rung, max_size=12)


rungs = _rungs(["", "CONTENT_EXPIRED", "BAD_SEAL"])
final = _rungs(["", "CONTENT_EXPIRED"])


@given(rungs, rungs)
def test_rungs_told_twice_or_in_another_order_make_the_same_ladder(some, others):
    told = merge([*some, *others])
    assert merge([*others, *some]) == told
    assert merge([*told, *some]) == told
    assert merge([*merge(some), *merge(others)]) == told


@given(final, final)
def test_a_ladder_only_climbs_where_refusals_are_the_recipients_own(some, more):
    before = {ladder.unit: ladder.state for ladder in ladders(some, UNITS)}
    after = {ladder.unit: ladder.state for ladder in ladders([*some, *more], UNITS)}
    assert all(RUNGS.index(after[unit]) >= RUNGS.index(state) for unit, state in before.items())


@given(rungs, rungs)
def test_a_ladder_goes_down_only_where_a_refusal_on_the_way_was_mended(some, more):
    before = {ladder.unit: ladder for ladder in ladders(some, UNITS)}
    after = {ladder.unit: ladder.state for ladder in ladders([*some, *more], UNITS)}
    for unit, ladder in before.items():
        if RUNGS.index(after[unit]) < RUNGS.index(ladder.state):
            assert ladder.state == "REFUSED"
            assert ladder.ground == "BAD_SEAL"


@given(rungs)
def test_what_the_recipients_node_took_is_not_shown_as_refused_on_the_way(some):
    for ladder in ladders(some, UNITS):
        if any(rung.state in TAKEN for rung in ladder.rungs):
            assert not any(rung.state == "REFUSED" and rung.ground == "BAD_SEAL" for rung in ladder.rungs)


def test_a_refusal_that_the_node_mended_climbs_on():
    def standing(*told):
        return ladders(
            [Rung(UNITS[0], state, NOON + timedelta(minutes=at), ground) for state, at, ground in told], UNITS
        )

    refused = (("QUEUED", 0, ""), ("REFUSED", 3, "UNKNOWN_SENDER"))
    assert [(one.state, one.ground) for one in standing(*refused)] == [("REFUSED", "UNKNOWN_SENDER")]
    # Put back into its lane; then refused again; then taken.
    again = (*refused, ("QUEUED", 5, ""))
    assert [(one.state, one.ground) for one in standing(*again)] == [("QUEUED", "")]
    twice = (*again, ("REFUSED", 6, "UNKNOWN_SENDER"))
    assert [one.state for one in standing(*twice)] == ["REFUSED"]
    assert [one.state for one in standing(*twice, ("ACCEPTED", 9, ""))] == ["ACCEPTED"]
    # The recipient's own word stays the last, whatever its exchange had said.
    own = (*twice, ("DELIVERED", 9, ""), ("REFUSED", 10, "BUNDLE_NOT_STIX"))
    assert [(one.state, one.ground) for one in standing(*own)] == [("REFUSED", "BUNDLE_NOT_STIX")]


def test_what_a_person_saw_counts_more_than_a_later_end():
    told = [Rung(UNITS[0], state, NOON) for state in ("OPENED", "EXPIRED", "QUEUED")]
    assert [ladder.state for ladder in ladders(told, UNITS)] == ["OPENED"]
    refused = [*told[1:], Rung(UNITS[1], "REFUSED", NOON, "BUNDLE_NOT_STIX")]
    assert [(one.state, one.ground) for one in ladders(refused, UNITS)] == [
        ("EXPIRED", ""),
        ("REFUSED", "BUNDLE_NOT_STIX"),
    ]
