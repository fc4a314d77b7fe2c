from bp_exchange.protocol.pace import Pace


def test_the_rate_is_of_the_time_in_which_something_was_under_way():
    pace = Pace()
    assert pace.news() is None
    pace.sent(100.0)
    pace.acknowledged(30_000, 101.0, idle=False)
    pace.acknowledged(30_000, 102.0, idle=True)
    assert pace.news() == 30_000
    assert pace.news() is None
    # An hour of silence is no slowness.
    pace.sent(3700.0)
    pace.acknowledged(60_000, 3701.0, idle=True)
    assert pace.rate == 60_000


def test_little_says_nothing():
    pace = Pace()
    pace.sent(0.0)
    pace.acknowledged(200, 3.0, idle=True)
    assert pace.rate is None


def test_a_long_spell_is_measured_on_its_way():
    pace = Pace()
    pace.sent(0.0)
    for second in range(1, 12):
        pace.acknowledged(10_000, float(second), idle=False)
    assert pace.rate == 10_000


def test_what_was_sent_before_it_began_is_passed_over():
    pace = Pace()
    pace.acknowledged(100_000, 1.0, idle=True)
    assert pace.rate is None
