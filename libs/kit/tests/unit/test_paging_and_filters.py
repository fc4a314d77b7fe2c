import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, insert, select

from bp_kit.errors import Refused
from bp_kit.filters import compile_filter
from bp_kit.sealing import Sealer
from bp_kit.tables import UtcTime

TABLE = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("title", String),
    Column("size", Integer),
    Column("made", UtcTime),
)
COLUMNS = {"title": TABLE.c.title, "size": TABLE.c.size, "made": TABLE.c.made}
WORDS = st.text(string.ascii_letters + " '\"\\%_;-", min_size=1, max_size=12)


def found(rows, text):
    engine = create_engine("sqlite://")
    TABLE.metadata.create_all(engine)
    with engine.connect() as connection:
        connection.execute(insert(TABLE), rows)
        ids = list(connection.execute(select(TABLE.c.id).where(compile_filter(text, COLUMNS))).scalars())
    engine.dispose()
    return ids


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(WORDS, WORDS)
def test_a_quoted_value_matches_itself_only(one, other):
    rows = [{"id": 1, "title": one}, {"id": 2, "title": other}]
    assert found(rows, f"title = {quoted(one)}") == ([1, 2] if one == other else [1])


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_refused_with_a_reason(text):
    try:
        compile_filter(text, COLUMNS)
    except Refused as refused:
        assert refused.reason == "INVALID_FILTER"
        assert refused.metadata["description"]


@pytest.mark.parametrize("text", ['title = "a\0b"', "size = 99999999999999999999", "made > 0001-01-01T00:00:00+14:00"])
def test_values_no_database_takes_are_refused(text):
    with pytest.raises(Refused, match="INVALID_FILTER"):
        compile_filter(text, COLUMNS)


def test_or_binds_tighter_than_and():
    rows = [{"id": 1, "title": "a", "size": 1}, {"id": 2, "title": "b", "size": 2}, {"id": 3, "title": "a", "size": 3}]
    assert found(rows, "title = a AND size = 1 OR size = 2") == [1]
    assert found(rows, "(title = a AND size = 1) OR size = 2") == [1, 2]


@pytest.mark.parametrize(
    "text", ["size:1", "size = one", "made = yesterday", "(" * 9 + "size = 1" + ")" * 9, "x" * 1001]
)
def test_what_cannot_be_meant_is_refused(text):
    with pytest.raises(Refused, match="INVALID_FILTER"):
        compile_filter(text, COLUMNS)


@given(st.binary(max_size=200), st.binary(max_size=20), st.binary(max_size=20))
def test_a_sealed_value_opens_only_in_its_context(value, context, other):
    sealer = Sealer(b"k" * 32)
    token = sealer.seal(value, context)
    assert sealer.open(token, context) == value
    if context != other:
        with pytest.raises(ValueError, match="not a token"):
            sealer.open(token, other)


@given(st.text(max_size=60))
def test_a_forged_token_is_never_opened(token):
    with pytest.raises(ValueError, match="not a token"):
        Sealer(b"k" * 32).open(token, b"")
