import pytest
from hypothesis import given
from hypothesis import strategies as st

from bp_exchange.protocol.window import LEAST, MOST, MOST_AT_FIRST, Window

PIECE = 16 * 1024


class Way:
    """A link of some rate and delay, kept as full as the window allows: what is sent waits for what was sent before."""

    def __init__(self, window, rate, seconds):
        self.window, self.rate, self.seconds = window, rate, seconds
        self.now = self.free = 0.0
        self.flying = []

    def run(self, until):
        """Returns the share of the link that was used."""
        begun, carried = self.now, 0
        while self.now < until:
            while self.window.is_open:
                self.window.sent(PIECE)
                self.free = max(self.free, self.now) + PIECE / self.rate
                self.flying.append((self.now, self.free + self.seconds))
            sent_at, self.now = self.flying.pop(0)
            self.window.acknowledged(PIECE, self.now - sent_at, self.now)
            carried += PIECE
        return carried / self.rate / (self.now - begun)


@pytest.mark.parametrize("rate", [16_000, 64_000, 250_000], ids=["128 kbit/s", "512 kbit/s", "2 Mbit/s"])
def test_a_link_of_a_satellite_is_filled_and_little_waits_for_it(rate):
    way = Way(Window(), rate, 0.6)
    way.run(until=4)
    assert way.run(until=60) > 0.98
    # A second and a half, or what may always be under way.
    assert way.window.under_way <= max(LEAST, 1.5 * rate) + 2 * PIECE


def test_a_known_link_is_filled_at_once():
    assert Way(Window(64_000), 64_000, 0.6).run(until=10) > 0.9
    assert Window(10**9).size == MOST_AT_FIRST


def test_a_link_that_becomes_slow_holds_less_after_a_spell():
    way = Way(Window(), 250_000, 0.6)
    way.run(until=20)
    fast = way.window.size
    way.rate = 32_000
    way.run(until=60)
    assert way.window.size < fast / 4


def test_a_receiver_that_pauses_does_not_make_it_small():
    way = Way(Window(), 64_000, 0.6)
    way.run(until=20)
    filled = way.window.size
    way.free += 3
    way.run(until=27)
    assert way.window.size >= 0.9 * filled


def test_it_closes_when_full():
    window = Window()
    window.sent(LEAST)
    assert not window.is_open
    window.acknowledged(LEAST, 0.1, 0.1)
    assert window.is_open


@given(st.lists(st.tuples(st.integers(1, MOST), st.floats(0, 100), st.floats(0, 100))))
def test_it_stays_within_its_bounds(answers):
    window, now = Window(), 0.0
    for size, delay, pause in answers:
        now += pause
        window.sent(size)
        window.acknowledged(size, delay, now)
        assert LEAST <= window.size <= MOST
    assert window.under_way == 0
