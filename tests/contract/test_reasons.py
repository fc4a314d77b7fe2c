"""Each error a person can meet: one name over all packages, said in four languages, shown by a test."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from google.rpc import code_pb2

from bp_kit.language import LANGUAGES
from bp_kit.reasons import PREFIX, all_reasons
from tests.contract.protos import FILES

ROOT = Path(__file__).resolve().parents[2]
REASONS = sorted(all_reasons().values(), key=lambda reason: reason.name)
each_reason = pytest.mark.parametrize("reason", REASONS, ids=lambda reason: reason.name)
_TESTS = [file for folder in ("libs", "services", "tests") for file in (ROOT / folder).rglob("tests/**/*.py")]
# As words, so that NOT_FOUND is not found in BLOB_NOT_FOUND.
_TESTED = {
    word
    for file in {*_TESTS, *(ROOT / "tests").rglob("*.py")}
    for word in re.findall(r"[A-Z][A-Z0-9_]{3,}", file.read_text())
}


def test_names_are_unique_over_all_packages():
    names = Counter(
        value.name
        for file in FILES
        for enum in file.enum_types_by_name.values()
        if enum.name == "ErrorReason"
        for value in enum.values
        if value.number
    )
    assert [name for name, count in names.items() if count > 1] == []


@each_reason
def test_it_is_told_in_every_language_with_the_same_gaps(reason):
    assert set(reason.texts) == set(LANGUAGES)
    gaps = {language: set(re.findall(r"\{(\w+)\}", text)) for language, text in reason.texts.items()}
    assert all(reason.texts.values())
    assert all(found == gaps["en"] for found in gaps.values()), gaps
    assert re.search(r"[\u0600-\u06ff]", reason.texts["ar"])


@each_reason
def test_it_has_a_code_that_says_something(reason):
    assert reason.code in code_pb2.Code.values()
    assert reason.code not in (code_pb2.OK, code_pb2.UNKNOWN)


@each_reason
def test_a_test_meets_it(reason):
    if reason.name != "UNSPECIFIED":
        assert reason.name in _TESTED, f"no test names {PREFIX}{reason.name}"
