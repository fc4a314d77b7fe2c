"""Limits on everything that comes from outside, and names of fields (AIP-140 to 142)."""

from __future__ import annotations

import pytest
from google.protobuf.descriptor import FieldDescriptor

from bluepacific.options.v1 import options_pb2
from buf.validate import validate_pb2
from tests.contract.protos import FILES, messages_under, our_methods

_FORMATS = ("uuid", "email", "uri", "const", "hostname", "ip", "in")


def _incoming():
    seen: set[str] = set()
    for method in our_methods():
        if method.GetOptions().Extensions[options_pb2.access].peer_only:
            continue  # frames between nodes are limited by the link, in bytes
        for message in messages_under(method.input_type, seen):
            if message.GetOptions().map_entry:
                continue
            yield from message.fields


INCOMING = sorted(_incoming(), key=lambda field: field.full_name)


def _bounded_text(rules):
    return (
        rules.max_len
        or rules.len
        or rules.pattern
        or rules.max_bytes
        or rules.len_bytes
        or any(rules.HasField(name) if name != "in" else getattr(rules, "in") for name in _FORMATS)
    )


@pytest.mark.parametrize("field", INCOMING, ids=lambda field: field.full_name)
def test_what_comes_in_is_limited(field):
    options = field.GetOptions()
    rules = options.Extensions[validate_pb2.field]
    if field.message_type and field.message_type.GetOptions().map_entry:
        assert rules.map.max_pairs
        return
    if field.is_repeated:
        assert rules.repeated.max_items, "has no max_items"
        rules = rules.repeated.items
    if field.type == FieldDescriptor.TYPE_STRING:
        assert _bounded_text(rules.string), "has no limit"
    if field.type == FieldDescriptor.TYPE_BYTES:
        assert rules.bytes.max_len or rules.bytes.len, "has no limit"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_times_are_named_times(file):
    for message in file.message_types_by_name.values():
        for field in message.fields:
            if field.message_type and field.message_type.full_name == "google.protobuf.Timestamp":
                assert field.name.endswith("_time"), field.full_name
