import pytest

from bluepacific.exchange.v1 import plan_pb2
from bp_node.failure import CommandError
from bp_node.linking.amounts import hours_in_words, hours_of, rate_in_words, rate_of, volume_in_words, volume_of
from bp_node.linking.words import span_in_words


@pytest.mark.parametrize(
    ("text", "rate"),
    [("64kbit/s", 8000), ("1.5 Mbit/s", 187_500), ("8kB/s", 8000), ("800bit/s", 100), ("none", 0)],
)
def test_a_rate_is_read(text, rate):
    assert rate_of(text) == rate


@pytest.mark.parametrize(("text", "volume"), [("200MB/day", 2 * 10**8), ("1.5GB", 15 * 10**8), ("NONE", 0)])
def test_a_volume_is_read(text, volume):
    assert volume_of(text) == volume


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("08:00-17:00", []),
        ("mon-fri 08:00-17:00", [1, 2, 3, 4, 5]),
        ("Sat,sun 08:00-17:00", [6, 7]),
        ("fri-mon 08:00-17:00", [1, 5, 6, 7]),
    ],
)
def test_quiet_hours_are_read(text, days):
    assert hours_of(text) == plan_pb2.QuietHours(begin="08:00", end="17:00", days=days)


@pytest.mark.parametrize("text", ["64", "64kb", "fast", "-1kbit/s", "64kbit", ""])
def test_what_is_no_rate_is_said_to_be_none(text):
    with pytest.raises(CommandError, match="is no rate"):
        rate_of(text)


@pytest.mark.parametrize("text", ["8-17", "08:00", "someday 08:00-17:00", "mon-x 08:00-17:00"])
def test_what_are_no_quiet_hours_is_said_to_be_none(text):
    with pytest.raises(CommandError):
        hours_of(text)


def test_a_volume_names_its_unit():
    with pytest.raises(CommandError, match="is no volume"):
        volume_of("200")


def test_amounts_are_told_as_they_are_written():
    assert rate_in_words(8000) == "64 kbit/s"
    assert volume_in_words(200_000_000) == "200 MB/day"
    assert hours_in_words(hours_of("mon-tue 22:00-06:00")) == "mon,tue 22:00-06:00"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59.6, "1 min"), (3 * 3600 + 120, "3 h 2 min"), (90 * 86_400, "90 d")]
)
def test_a_span_has_two_units(seconds, words):
    assert span_in_words(seconds) == words
