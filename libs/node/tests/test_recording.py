from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from bp_node.failure import CommandError
from bp_node.recording import LANGUAGES, Record, check_language, html_record, text_record, write_record

RECORD = Record(
    node="fji",
    countries=("FJI", "TUV"),
    fingerprint="able baker charlie dog",
    centre="ptccc",
    centre_fingerprint="easy fox george how",
    register=3,
    sign_key=b"s" * 32,
    seal_key=b"h" * 1216,
    tls_key_sha256=b"t" * 32,
    time=datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC),
    read_by="Ana <b>Tuilagi</b>",
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_everything_to_compare_and_sign(language):
    text = text_record(RECORD, language)
    for part in ("fji", "FJI, TUV", "able baker charlie dog", "easy fox george how", "74" * 32, "2026-11-25 01:02:03"):
        assert part in text
    assert text.count("_" * 20) >= 5
    assert RECORD.read_by in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_whole_and_escapes_what_it_was_given(language, tmp_path):
    file = tmp_path / "record.html"
    write_record(file, RECORD, language)
    page = file.read_text(encoding="utf-8")
    assert page == html_record(RECORD, language)
    HTMLParser().feed(page)
    assert "<b>" not in page
    assert f'lang="{language}"' in page
    assert ('dir="rtl"' in page) is (language == "ar")
    assert "able baker charlie dog" in page
    assert "src=" not in page


def test_where_it_cannot_be_written_is_said(tmp_path):
    with pytest.raises(CommandError, match="cannot write the record to"):
        write_record(tmp_path / "no" / "record.txt", RECORD, "en")


def test_another_language_is_refused():
    with pytest.raises(CommandError, match="no record in de"):
        check_language("de")
