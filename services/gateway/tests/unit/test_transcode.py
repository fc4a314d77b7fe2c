"""The converters against google.protobuf.json_format, the mapping's reference."""

import json
import math

import pytest
from bluepacific.library.v1.everything_pb2 import Everything
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st

from bp_gateway.transcode import decode_json, encode_json
from bp_kit.errors import Refused

TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
# The reference refuses to read the greatest 32-bit number that it writes itself.
SINGLES = st.floats(width=32, allow_nan=False).filter(lambda value: not 3.4028234e38 < abs(value) < math.inf)
COLOURS = st.sampled_from([0, 1, 2, -1])


def signed(bits):
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def unsigned(bits):
    return st.integers(0, 2**bits - 1)


TIMES = st.builds(dict, seconds=st.integers(-62135596800, 253402300799), nanos=st.integers(0, 999_999_999))


@st.composite
def spans(draw):
    sign = draw(st.sampled_from([1, -1]))
    seconds = draw(st.integers(0, 315_576_000_000 - 1))
    return {"seconds": sign * seconds, "nanos": sign * draw(st.integers(0, 999_999_999))}


JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)
PARTS = st.recursive(
    st.fixed_dictionaries({}, optional={"part_label": TEXTS, "weight_kg": signed(32)}),
    lambda inner: st.fixed_dictionaries({}, optional={"part_label": TEXTS, "parts": st.lists(inner, max_size=3)}),
    max_leaves=5,
)
FIELDS = {
    "plain_text": TEXTS,
    "int_32": signed(32),
    "int_64": signed(64),
    "uint_32": unsigned(32),
    "uint_64": unsigned(64),
    "sint_32": signed(32),
    "sint_64": signed(64),
    "fixed_32": unsigned(32),
    "fixed_64": unsigned(64),
    "sfixed_32": signed(32),
    "sfixed_64": signed(64),
    "truth": st.booleans(),
    "single": SINGLES | st.just(math.nan),
    "precise": st.floats(),
    "octets": st.binary(max_size=20),
    "colour": COLOURS,
    "part": PARTS,
    "texts": st.lists(TEXTS, max_size=3),
    "longs": st.lists(signed(64), max_size=3),
    "colours": st.lists(COLOURS, max_size=3),
    "parts": st.lists(PARTS, max_size=3),
    "by_text": st.dictionaries(TEXTS, signed(32), max_size=3),
    "by_number": st.dictionaries(signed(64), TEXTS, max_size=3),
    "by_truth": st.dictionaries(st.booleans(), PARTS, max_size=2),
    "colours_by_text": st.dictionaries(TEXTS, COLOURS, max_size=3),
    "moment": TIMES,
    "lasting": spans(),
    "mask": st.builds(dict, paths=st.lists(st.sampled_from(["title", "page_count", "book.create_time"]), max_size=3)),
    "maybe_text": st.builds(dict, value=TEXTS),
    "maybe_long": st.builds(dict, value=signed(64)),
    "maybe_truth": st.builds(dict, value=st.booleans()),
    "maybe_single": st.builds(dict, value=SINGLES),
    "maybe_octets": st.builds(dict, value=st.binary(max_size=10)),
    "present_text": TEXTS,
    "present_colour": COLOURS,
    "moments": st.lists(TIMES, max_size=3),
    "nothing": st.just({}),
}
CHOICES = st.one_of(
    st.just({}),
    st.builds(dict, chosen_text=TEXTS),
    st.builds(dict, chosen_part=PARTS),
    st.builds(dict, chosen_truth=st.booleans()),
)
FREE = {
    "object": st.dictionaries(TEXTS, JSON, max_size=3),
    "anything": JSON,
    "list": st.lists(JSON, max_size=3),
    "values": st.lists(JSON, max_size=3),
    "values_by_text": st.dictionaries(TEXTS, JSON, max_size=3),
}


@st.composite
def messages(draw):
    message = Everything(**draw(st.fixed_dictionaries({}, optional=FIELDS)), **draw(CHOICES))
    # Free JSON is read by the reference: the constructor does not take it.
    free = draw(st.fixed_dictionaries({}, optional=FREE))
    json_format.ParseDict(free, message)
    return message


def same(one, other):
    # By text: NaN is not equal to itself.
    return json_format.MessageToDict(one) == json_format.MessageToDict(other) or repr(one) == repr(other)


@given(messages())
def test_what_we_write_the_reference_reads(message):
    assert same(json_format.Parse(encode_json(message), Everything()), message)


@given(messages())
def test_what_the_reference_writes_we_read(message):
    read = Everything()
    decode_json(json_format.MessageToJson(message).encode(), read)
    assert same(read, message)


@given(messages())
def test_what_we_write_we_read(message):
    read = Everything()
    decode_json(encode_json(message), read)
    assert same(read, message)


@given(messages())
def test_both_write_the_same(message):
    ours, reference = json.loads(encode_json(message)), json_format.MessageToDict(message)
    for name in ("single", "maybeSingle"):  # both are the shortest that reads back the same; ours may be shorter
        if name in ours:
            assert math.isclose(float(ours.pop(name)), float(reference.pop(name)), rel_tol=1e-6) or message.single != (
                message.single
            )
    assert ours == reference


@given(JSON | st.dictionaries(st.sampled_from([field.json_name for field in Everything.DESCRIPTOR.fields]), JSON))
def test_any_json_is_read_or_refused(value):
    read_or_refuse(json.dumps(value).encode())


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_read_or_refused(body):
    read_or_refuse(body)


@given(JSON, st.data())
def test_broken_json_is_read_or_refused(value, data):
    text = json.dumps({"anything": value})
    at = data.draw(st.integers(0, len(text) - 1))
    read_or_refuse((text[:at] + data.draw(st.sampled_from('{}[],:"0e-\\\x00')) + text[at + 1 :]).encode())


def read_or_refuse(body):
    message = Everything()
    try:
        decode_json(body, message)
    except Refused as refused:
        assert refused.reason in ("MALFORMED_JSON", "INVALID_FIELD", "UNKNOWN_FIELD")
    else:
        message.SerializeToString()
        encode_json(message)


FAULTS = {
    '{"int32": "x"}': "/int32",
    '{"uint32": -1}': "/uint32",
    '{"uint64": 18446744073709551616}': "/uint64",
    '{"int64": "9223372036854775808"}': "/int64",
    '{"single": 1e39}': "/single",
    '{"precise": "1e400"}': "/precise",
    '{"precise": "0x10"}': "/precise",
    '{"octets": "a"}': "/octets",
    '{"octets": "*"}': "/octets",
    '{"byNumber": {"x": "a"}}': "/byNumber/x",
    '{"byTruth": {"yes": {}}}': "/byTruth/yes",
    '{"byText": {"a/b~c": "x"}}': "/byText/a~1b~0c",
    '{"byText": {"a": null}}': "/byText/a",
    '{"parts": [{}, {"parts": [{"partLabel": 1}]}]}': "/parts/1/parts/0/partLabel",
    '{"chosenText": "a", "chosenTruth": true}': "/chosenTruth",
    '{"moment": "2026-02-30T00:00:00Z"}': "/moment",
    '{"moment": "2026-01-01T00:00:00+25:00"}': "/moment",
    '{"moment": "0001-01-01T00:00:00+01:00"}': "/moment",
    '{"lasting": "1.5"}': "/lasting",
    '{"lasting": "999999999999s"}': "/lasting",
    '{"mask": "page_count"}': "/mask",
    '{"mask": "a,,b"}': "/mask",
    '{"object": []}': "/object",
    '{"object": {"a": ["b\\u0000"]}}': "/object/a/0",
    '{"object": {"a\\u0000": 1}}': "/object/a\x00",
    '{"maybeLong": []}': "/maybeLong",
    '{"nothing": {"a": 1}}': "/nothing/a",
    '{"anything": {"a": {"b": 1, "b": 2}}}': "/anything/a/b",
}


@pytest.mark.parametrize("body", FAULTS)
def test_a_fault_names_its_place(body):
    with pytest.raises(Refused) as refused:
        decode_json(body.encode(), Everything())
    assert [one.field for one in refused.value.violations] == [FAULTS[body]]
    assert refused.value.violations[0].metadata["rule"]


def test_whole_numbers_in_free_json_stay_whole():
    message = Everything()
    decode_json(b'{"object": {"size": 5, "share": 0.5, "huge": 1e300}}', message)
    assert b'"size":5,' in encode_json(message).replace(b'"size":5}', b'"size":5,')
    assert json.loads(encode_json(message)) == {"object": {"size": 5, "share": 0.5, "huge": 1e300}}


def test_values_of_a_newer_service_travel_as_numbers():
    message = Everything.FromString(Everything(colour=1).SerializeToString().replace(b"\x01\x01", b"\x01\x4d"))
    message.colour = 77
    assert json.loads(encode_json(message)) == {"colour": 77}
