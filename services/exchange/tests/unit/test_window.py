from hypothesis import given
from hypothesis import strategies as st

from bp_exchange.protocol.window import LEAST, MOST, Window


def test_it_grows_while_answers_are_quick_and_shrinks_when_they_are_late():
    window = Window()
    for _ in range(100):
        window.sent(LEAST)
        window.acknowledged(LEAST, 0.6)
    assert window.size == MOST
    for _ in range(200):
        window.sent(LEAST)
        window.acknowledged(LEAST, 4.0)
    assert window.size == LEAST


def test_it_closes_when_full():
    window = Window()
    window.sent(LEAST)
    assert not window.is_open
    window.acknowledged(LEAST, 0.1)
    assert window.is_open


@given(st.lists(st.tuples(st.integers(1, MOST), st.floats(0, 100))))
def test_it_stays_within_its_bounds(answers):
    window = Window()
    for size, delay in answers:
        window.sent(size)
        window.acknowledged(size, delay)
        assert LEAST <= window.size <= MOST
    assert window.under_way == 0
