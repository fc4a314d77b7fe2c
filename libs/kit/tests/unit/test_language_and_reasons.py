import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bp_kit.errors import Refused
from bp_kit.etags import check_etag, etag_of
from bp_kit.language import LANGUAGES, negotiate, pick
from bp_kit.reasons import all_reasons, reason_text
from bp_kit.rpc.status import status_of


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("de, es;q=0.4", "es"),
        ("ar-EG;q=0.9, en;q=0.1", "ar"),
        ("fr;q=0", "en"),
        ("fr;q=x", "en"),
    ],
)
def test_the_best_language_is_taken(header, language):
    assert negotiate(header) == language


@given(st.text(max_size=100))
def test_any_header_gives_a_language(header):
    assert negotiate(header) in LANGUAGES


def test_english_stands_in_for_what_is_not_translated():
    assert pick({"en": "tide", "fr": "marée"}, "ar") == "tide"
    assert pick({}, "ar") == ""


def test_every_text_takes_the_same_values_in_each_language():
    for reason in all_reasons().values():
        names = {
            language: {field for _, field, _, _ in string.Formatter().parse(text) if field}
            for language, text in reason.texts.items()
        }
        assert all(found == names["en"] for found in names.values()), reason.name


def test_a_reason_nobody_defines_tells_nothing():
    assert reason_text("NEVER_HEARD_OF", "en", {"secret": "x"}) == reason_text("UNSPECIFIED", "en", {})


def test_braces_in_values_stay_as_they_are():
    status = status_of(Refused("NOT_FOUND", name="{0} {name!r} {x.__class__}"), "en", "")
    assert "{0} {name!r} {x.__class__}" in status.message


def test_another_etag_is_refused_and_none_asks_for_no_check():
    check_etag("", etag_of("a", 1))
    check_etag(etag_of("a", 1), etag_of("a", 1))
    with pytest.raises(Refused, match="ETAG_MISMATCH"):
        check_etag(etag_of("a", 1), etag_of("a", 2))
