from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bp_catalogue.domain.access import (
    ACTIVE,
    APPROVE,
    APPROVED,
    END,
    ENDED,
    PENDING,
    REFUSE,
    REFUSED,
    UPCOMING,
    WITHDRAW,
    WITHDRAWN,
    AccessRequest,
    Decision,
    Period,
)
from bp_kit.errors import Refused

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ASKED = AccessRequest(
    name="countries/FJI/accessRequests/1",
    capability="countries/WSM/capabilities/SV",
    unit="countries/FJI/units/tcu",
    justification="Boats.",
    purpose="INVESTIGATION",
    requester="countries/FJI/officers/litia",
    create_time=NOON,
)
hours = st.integers(0, 50).map(lambda number: NOON + timedelta(hours=number))


def decision(verdict, decision_id="1", *, at=NOON, decider="jone", period=None):
    if verdict == APPROVE and period is None:
        period = Period(at, at + timedelta(days=1))
    return Decision(decision_id, verdict, decider, at, "", period)


@st.composite
def decisions(draw):
    at, begin = draw(hours), draw(hours)
    verdict = draw(st.sampled_from([APPROVE, REFUSE, WITHDRAW, END]))
    period = Period(begin, begin + timedelta(hours=draw(st.integers(1, 50)))) if verdict == APPROVE else None
    return Decision(draw(st.uuids()).hex, verdict, draw(st.sampled_from(["jone", "vika"])), at, "", period)


sets = st.frozensets(decisions(), max_size=5)


@given(sets, sets, sets)
def test_decisions_join_in_any_order_and_any_number_of_times(one, two, three):
    expected = ASKED.joined(one | two | three)
    for order in permutations((one, two, three)):
        joined = ASKED
        for some in (*order, order[0]):
            joined = joined.joined(some)
        assert joined == expected
        assert (joined.state, joined.agreement, joined.history) == (
            expected.state,
            expected.agreement,
            expected.history,
        )


@given(sets, decisions(), hours)
def test_what_comes_in_only_tightens_what_was_granted(known, late, now):
    before, after = ASKED.joined(known), ASKED.joined({*known, late})
    if before.state == REFUSED:
        assert after.state == REFUSED
    if before.state == WITHDRAWN:
        assert after.state in (WITHDRAWN, REFUSED)
    if before.agreement:
        assert after.agreement.period.begin >= before.agreement.period.begin
        assert after.agreement.period.end <= before.agreement.period.end
        if before.agreement.state_at(now) == ENDED:
            assert after.agreement.state_at(now) == ENDED
    if before.decisions and not before.is_open_at(now):
        assert not after.is_open_at(now) or before.state == PENDING


@given(sets)
def test_only_approvals_make_agreements(known):
    request = ASKED.joined(known)
    approved = any(one.verdict == APPROVE for one in known)
    assert (request.agreement is not None) == approved
    if request.state == APPROVED:
        assert not {one.verdict for one in known} & {REFUSE, WITHDRAW}


def test_where_some_approve_and_some_refuse_the_refusal_counts():
    both = ASKED.joined([decision(APPROVE, "1"), decision(REFUSE, "2", at=NOON + timedelta(hours=1))])
    assert both.state == REFUSED
    assert both.agreement.state_at(NOON + timedelta(hours=2)) == ENDED
    assert both.agreement.period.end == NOON + timedelta(hours=1)


def test_a_second_person_decides():
    with pytest.raises(Refused, match="ACCESS_REQUEST_IS_YOUR_OWN"):
        ASKED.decided(decision(APPROVE, decider=ASKED.requester))
    assert ASKED.decided(decision(APPROVE)).state == APPROVED


@pytest.mark.parametrize("verdict", [APPROVE, REFUSE, WITHDRAW])
def test_it_is_decided_once(verdict):
    decided = ASKED.joined([decision(verdict)])
    for again in (decided.decided, decided.withdrawn):
        with pytest.raises(Refused, match="ACCESS_ALREADY_DECIDED"):
            again(decision(REFUSE, "2"))


def test_an_agreement_begins_and_ends():
    approved = ASKED.decided(decision(APPROVE, period=Period(NOON + timedelta(hours=1), NOON + timedelta(hours=3))))
    states = [approved.agreement.state_at(NOON + timedelta(hours=number)) for number in range(5)]
    assert states == [UPCOMING, ACTIVE, ACTIVE, ENDED, ENDED]
    assert [approved.is_open_at(NOON + timedelta(hours=number)) for number in (0, 2, 3)] == [True, True, False]


def test_ending_an_agreement_ends_it_once():
    approved = ASKED.decided(decision(APPROVE))
    ended = approved.ended(decision(END, "2", at=NOON + timedelta(hours=1)))
    assert ended.state == APPROVED
    assert ended.agreement.state_at(NOON + timedelta(hours=1)) == ENDED
    for request in (ASKED, ended):
        with pytest.raises(Refused, match="AGREEMENT_ENDED"):
            request.ended(decision(END, "3", at=NOON + timedelta(hours=2)))


@pytest.mark.parametrize(
    ("begin", "end", "fine"), [(0, 24, True), (1, 1, False), (2, 1, False), (-9, -1, False), (0, 25, False)]
)
def test_periods(begin, end, fine):
    period = Period(NOON + timedelta(hours=begin), NOON + timedelta(hours=end))
    if fine:
        period.check(NOON, timedelta(hours=24))
        return
    with pytest.raises(Refused, match="AGREEMENT_PERIOD_INVALID"):
        period.check(NOON, timedelta(hours=24))
