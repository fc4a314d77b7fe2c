from datetime import timedelta

import pytest

from bluepacific.cooperation.v1 import recipient_status_pb2 as pb
from bp_kit.language import LANGUAGES
from bp_kit.wording import country_wording, duration_wording, wording_of

STANDSTILL = pb.Standstill.DESCRIPTOR


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_value_with_words_has_them_in_every_language(language):
    for value in STANDSTILL.values[1:]:
        text = wording_of(STANDSTILL, value.number, language, {"count": 7, "duration": "3 h"})
        assert text
        assert "{" not in text
        if language != "en":
            assert text != wording_of(STANDSTILL, value.number, "en", {"count": 7, "duration": "3 h"})


def test_values_without_words_and_unknown_ones_have_none():
    assert not wording_of(STANDSTILL, 0, "en", {})
    assert not wording_of(STANDSTILL, 999, "en", {})


@pytest.mark.parametrize(
    ("code", "language", "name"),
    [("TON", "en", "Tonga"), ("WSM", "fr", "Samoa"), ("TON", "ar", "تونغا"), ("QQQ", "en", "QQQ")],
)
def test_countries_are_called_by_their_names(code, language, name):
    assert country_wording(code, language) == name


@pytest.mark.parametrize(
    ("language", "told"), [("en", "3 hours"), ("fr", "3 heures"), ("es", "3 horas"), ("ar", "3 ساعات")]
)
def test_durations_are_told_roughly(language, told):
    assert duration_wording(timedelta(hours=3, minutes=4), language).replace("\xa0", " ") == told
    assert duration_wording(timedelta(seconds=5), "en") == "1 minute"
