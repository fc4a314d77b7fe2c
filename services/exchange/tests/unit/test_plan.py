import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bp_exchange.protocol.plan import (
    DAY_MINUTES,
    FLASH,
    URGENCIES,
    WHOLE_LINK,
    Plan,
    QuietHours,
    Rule,
    leaves_no_time,
    quiet_spans,
    silences_flash,
)

FIJI = ZoneInfo("Pacific/Fiji")
URGENT, ROUTINE, BULK = URGENCIES[1:]
OFFICE = QuietHours(8 * 60, 17 * 60)


def plan(quiet, *, zone=FIJI, urgency=BULK):
    return Plan(zone, {urgency: Rule(quiet=quiet)})


def is_quiet(one, moment, urgency=BULK):
    return any(begin <= moment < end for begin, end in quiet_spans(one, urgency, moment, 2))


def test_quiet_hours_are_of_the_countrys_own_day():
    # Noon in Fiji is midnight in UTC.
    assert is_quiet(plan((OFFICE,)), datetime(2026, 11, 25, 0, 0, tzinfo=UTC))
    assert not is_quiet(plan((OFFICE,)), datetime(2026, 11, 25, 12, 0, tzinfo=UTC))


def test_quiet_hours_may_pass_midnight_and_be_of_some_days():
    friday_night = QuietHours(22 * 60, 6 * 60, frozenset({4}))
    night = plan((friday_night,), zone=UTC)
    assert is_quiet(night, datetime(2026, 11, 27, 23, 0, tzinfo=UTC))
    assert is_quiet(night, datetime(2026, 11, 28, 5, 59, tzinfo=UTC))
    assert not is_quiet(night, datetime(2026, 11, 28, 6, 0, tzinfo=UTC))
    assert not is_quiet(night, datetime(2026, 11, 28, 23, 0, tzinfo=UTC))


def test_quiet_hours_that_touch_are_one_span():
    halves = plan((QuietHours(8 * 60, 12 * 60), QuietHours(12 * 60, 17 * 60)), zone=UTC)
    spans = quiet_spans(halves, BULK, datetime(2026, 11, 25, 9, 0, tzinfo=UTC), 1)
    assert (datetime(2026, 11, 25, 8, tzinfo=UTC), datetime(2026, 11, 25, 17, tzinfo=UTC)) in spans


def test_hours_that_the_clocks_skip_and_hours_that_come_twice():
    auckland = ZoneInfo("Pacific/Auckland")
    night = plan((QuietHours(2 * 60, 3 * 60),), zone=auckland)
    # 27 September 2026: 02:00 is 03:00, an hour that is not.
    skipped = quiet_spans(night, BULK, datetime(2026, 9, 27, 0, 0, tzinfo=auckland), 1)
    assert [one for one in skipped if one[0] > datetime(2026, 9, 26, 13, tzinfo=UTC)] == []
    # 5 April 2026: 02:00 to 03:00 comes twice, and is quiet twice.
    twice = quiet_spans(night, BULK, datetime(2026, 4, 5, 0, 0, tzinfo=auckland), 1)
    assert twice[-1][1] - twice[-1][0] == timedelta(hours=2)


def test_a_day_that_a_country_never_had():
    # Samoa went from the 29th to the 31st of December 2011.
    samoa = plan((OFFICE,), zone=ZoneInfo("Pacific/Apia"))
    spans = quiet_spans(samoa, BULK, datetime(2011, 12, 29, 20, 0, tzinfo=UTC), 4)
    assert spans == sorted(spans)
    assert all(begin < end for begin, end in spans)
    assert samoa.day_end(datetime(2011, 12, 29, 20, 0, tzinfo=UTC)) == datetime(2011, 12, 30, 10, tzinfo=UTC)


def test_flash_obeys_only_a_rule_of_its_own():
    whole = Plan(UTC, {WHOLE_LINK: Rule(quiet=(OFFICE,), volume=1)})
    noon = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    assert is_quiet(whole, noon, ROUTINE)
    assert not is_quiet(whole, noon, FLASH)
    assert not silences_flash(whole)
    assert is_quiet(plan((OFFICE,), zone=UTC, urgency=FLASH), noon, FLASH)


@pytest.mark.parametrize(
    ("rule", "silenced"),
    [(Rule(rate=8000), False), (Rule(volume=10**6), True), (Rule(quiet=(OFFICE,)), True)],
    ids=["rate", "volume", "quiet"],
)
def test_flash_is_silenced_by_hours_or_a_volume_not_by_a_rate(rule, silenced):
    assert silences_flash(Plan(UTC, {FLASH: rule})) is silenced


def test_quiet_hours_must_leave_some_time():
    halves = (QuietHours(0, 12 * 60), QuietHours(12 * 60, DAY_MINUTES))
    assert leaves_no_time(plan(halves)) == [BULK]
    assert leaves_no_time(plan(halves, urgency=WHOLE_LINK)) == [URGENT, ROUTINE, BULK]
    assert leaves_no_time(plan((QuietHours(0, DAY_MINUTES, frozenset(range(6))),))) == []
    # Together, not each alone.
    both = {WHOLE_LINK: Rule(quiet=halves[:1]), BULK: Rule(quiet=halves[1:])}
    assert leaves_no_time(Plan(UTC, both)) == [BULK]


hours = st.builds(
    QuietHours,
    st.integers(0, DAY_MINUTES - 1),
    st.integers(1, DAY_MINUTES),
    st.frozensets(st.integers(0, 6), max_size=3),
).filter(lambda one: one.begin != one.end)
zones = st.sampled_from(["Pacific/Fiji", "Pacific/Auckland", "Pacific/Apia", "Pacific/Chatham", "UTC"]).map(ZoneInfo)
moments = st.datetimes(datetime(2005, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - it gets its zone


@given(st.lists(hours, max_size=4).map(tuple), zones, moments)
def test_a_moment_is_quiet_when_its_local_time_is(quiet, zone, moment):
    one = plan(quiet, zone=zone)
    spans = quiet_spans(one, BULK, moment, 9)
    assert all(begin < end for begin, end in spans)
    assert all(first[1] < second[0] for first, second in itertools.pairwise(spans))
    near = [moment + timedelta(hours=at) for at in range(-26, 50)]
    if len({at.astimezone(zone).utcoffset() for at in near}) > 1:
        return  # A change of the clocks has its own tests.
    local = moment.astimezone(zone)
    minute = local.hour * 60 + local.minute
    expected = any(
        (local.weekday() - days_ago) % 7 in (hours.days or range(7))
        and hours.begin <= minute + days_ago * DAY_MINUTES < hours.begin + hours.minutes
        for hours in quiet
        for days_ago in (0, 1)
    )
    assert is_quiet(one, moment) is expected
