from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bp_exchange.protocol.allowance import Allowance, Spent, Way, Why, left_of
from bp_exchange.protocol.plan import FLASH, URGENCIES, WHOLE_LINK, Plan, QuietHours, Rule

URGENT, ROUTINE, BULK = URGENCIES[1:]
NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_without_a_plan_everything_may_pass_and_is_counted():
    allowance = Allowance()
    allowance.passed(BULK, 10**9, NOON)
    assert allowance.opens(BULK, NOON) is None
    assert allowance.credit(BULK, NOON) is None
    assert allowance.spent == Spent("2026-11-25", {BULK: 10**9, WHOLE_LINK: 10**9})


def test_a_rate_is_paid_off_before_the_next_frame():
    allowance = Allowance(Plan(UTC, {BULK: Rule(rate=8000)}))
    assert allowance.opens(BULK, NOON) is None
    allowance.passed(BULK, 8000 + 16_000, NOON)
    assert allowance.hold(BULK, NOON).why is Why.RATE
    assert allowance.opens(BULK, NOON) == NOON + 2 * SECOND
    assert allowance.opens(BULK, NOON + 3 * SECOND) is None
    # Others are not slower for it.
    assert allowance.opens(ROUTINE, NOON) is None
    # The other way has the same rate for itself.
    assert allowance.opens(BULK, NOON, Way.ASKING) is None


def test_the_whole_link_waits_for_flash_which_does_not_wait():
    allowance = Allowance(Plan(UTC, {WHOLE_LINK: Rule(rate=1000, volume=5000)}))
    allowance.passed(BULK, 100_000, NOON)
    assert allowance.opens(FLASH, NOON) is None
    allowance.passed(FLASH, 10_000, NOON)
    assert allowance.opens(FLASH, NOON) is None
    assert allowance.hold(URGENT, NOON).why is Why.VOLUME


def test_flash_may_be_slowed_by_a_rule_of_its_own():
    allowance = Allowance(Plan(UTC, {FLASH: Rule(rate=1000)}))
    allowance.passed(FLASH, 3000, NOON)
    assert allowance.opens(FLASH, NOON) == NOON + 2 * SECOND


def test_a_volume_ends_and_begins_anew_with_the_local_day():
    fiji = Plan(ZoneInfo("Pacific/Fiji"), {BULK: Rule(volume=1000)})
    allowance = Allowance(fiji, Spent("2026-11-26", {BULK: 900}))
    assert left_of(fiji, allowance.spent, NOON) == {BULK: 100}
    allowance.passed(BULK, 100, NOON, Way.ASKING)
    # 12:00 UTC is midnight in Fiji: the 26th has just begun there.
    assert allowance.opens(BULK, NOON) == NOON + timedelta(days=1)
    assert allowance.opens(BULK, NOON + timedelta(days=1)) is None
    assert allowance.spent.day == "2026-11-27"


def test_quiet_hours_end():
    allowance = Allowance(Plan(UTC, {WHOLE_LINK: Rule(quiet=(QuietHours(8 * 60, 17 * 60),))}))
    hold = allowance.hold(ROUTINE, NOON)
    assert (hold.why, hold.until) == (Why.QUIET_HOURS, NOON.replace(hour=17))
    assert allowance.opens(ROUTINE, hold.until) is None
    assert allowance.opens(FLASH, NOON) is None


def test_another_plan_goes_on_from_what_passed_today():
    allowance = Allowance()
    allowance.passed(BULK, 500, NOON)
    allowance.change(Plan(UTC, {BULK: Rule(volume=500)}))
    assert allowance.hold(BULK, NOON).why is Why.VOLUME
    allowance.change(Plan())
    assert allowance.opens(BULK, NOON) is None


def test_credit_is_a_few_seconds_worth_and_nothing_while_it_waits():
    allowance = Allowance(Plan(UTC, {BULK: Rule(rate=8000)}))
    assert allowance.credit(BULK, NOON) == 40_000
    allowance.passed(BULK, 48_000, NOON, Way.ASKING)
    assert allowance.credit(BULK, NOON) == 0
    assert allowance.credit(BULK, NOON + 6 * SECOND) == 40_000
    assert allowance.credit(FLASH, NOON) is None
    # A thin rate asks for a whole piece; no rate still hears of quiet hours in time.
    assert Allowance(Plan(UTC, {BULK: Rule(rate=125)})).credit(BULK, NOON) == 16 * 1024
    assert Allowance(Plan(UTC, {BULK: Rule(volume=10**9)})).credit(BULK, NOON) == 256 * 1024


def test_a_clock_that_jumps_gives_no_more_than_a_second():
    allowance = Allowance(Plan(UTC, {BULK: Rule(rate=1000)}))
    allowance.passed(BULK, 1000, NOON)
    back = NOON - timedelta(days=400)
    assert allowance.opens(BULK, back) is not None
    assert allowance.opens(BULK, back + 2 * SECOND) is None
    allowance.passed(BULK, 1001, NOON + timedelta(days=4000))
    assert allowance.opens(BULK, NOON + timedelta(days=4000)) is not None


sizes = st.integers(1, 2 * 1024 * 1024)


@given(st.integers(125, 10**6), st.lists(st.tuples(sizes, st.floats(0, 30)), max_size=60))
def test_a_rate_is_kept_over_any_time(rate, frames):
    """No stretch of time sees more than the rate, one second's worth ahead and one frame."""
    allowance = Allowance(Plan(UTC, {BULK: Rule(rate=rate)}))
    now, passed = NOON, []
    for size, pause in frames:
        now = max(now + timedelta(seconds=pause), allowance.opens(BULK, now) or now)
        if allowance.opens(BULK, now) is None:
            allowance.passed(BULK, size, now)
            passed.append((now, size))
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            seconds = (passed[last][0] - passed[first][0]).total_seconds()
            whole = sum(size for _, size in passed[first : last + 1])
            assert whole <= rate * (seconds + 1.01) + passed[last][1] + 1


@given(st.integers(1, 10**7), st.lists(st.tuples(st.sampled_from([ROUTINE, BULK]), sizes), max_size=60))
def test_a_volume_is_passed_by_less_than_one_frame(volume, frames):
    allowance = Allowance(Plan(UTC, {WHOLE_LINK: Rule(volume=volume)}))
    sent = [size for urgency, size in frames if allowance.opens(urgency, NOON) is None and _pass(allowance, size)]
    assert sum(sent[:-1]) < volume


def _pass(allowance, size):
    allowance.passed(BULK, size, NOON)
    return True


quiet_hours = st.builds(QuietHours, st.integers(0, 700), st.integers(701, 1440))
rules = st.builds(
    Rule,
    st.none() | st.integers(125, 10**6),
    st.none() | st.integers(1, 10**7),
    st.lists(quiet_hours, max_size=2).map(tuple),
)


@given(
    st.dictionaries(st.sampled_from([WHOLE_LINK, *URGENCIES]), rules),
    st.lists(st.tuples(st.sampled_from(URGENCIES), sizes), max_size=20),
    st.sampled_from(URGENCIES),
)
def test_whoever_asks_again_when_told_to_gets_there(given_rules, frames, urgency):
    """Never held until now or before, and never for ever."""
    allowance = Allowance(Plan(ZoneInfo("Pacific/Auckland"), given_rules))
    for one, size in frames:
        allowance.passed(one, size, NOON)
    now = NOON
    for _ in range(60):
        until = allowance.opens(urgency, now)
        if until is None:
            return
        assert until > now
        now = until
    raise AssertionError("is held for ever")
