"""What the protos say is personal data: whose methods show it, and which messages have it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor

from bluepacific.options.v1 import options_pb2

_OURS = "bluepacific."
_RAW = "google.api.HttpBody"


def shows_personal(method: MethodDescriptor) -> bool:
    """Tells whether a method's calls are kept, and its answer may have personal data in it: a marked field, or a file's bytes.

    The method's own word, where it has one, goes before both.
    """
    if method.GetOptions().Extensions[options_pb2.audit] not in (options_pb2.AUDIT_METADATA, options_pb2.AUDIT_FULL):
        return False
    if word := method.GetOptions().Extensions[options_pb2.shows_personal]:
        return word != "never"
    return method.output_type.full_name == _RAW or any(is_personal(one) for one in _within(method.output_type, set()))


def personal_when(method: MethodDescriptor) -> str:
    """Returns the request's boolean field with which a method's answer has personal data in it; empty: it always may.

    Raises:
        ValueError: The request has no such field.
    """
    word = str(method.GetOptions().Extensions[options_pb2.shows_personal])
    if word in ("", "always", "never"):
        return ""
    field = method.input_type.fields_by_name.get(word)
    if field is None or field.type != FieldDescriptor.TYPE_BOOL:
        raise ValueError(f"{method.full_name}: its request has no boolean field {word}")
    return word


def is_personal(message: Descriptor) -> bool:
    """Tells whether a field of the message itself is marked."""
    return any(field.GetOptions().Extensions[options_pb2.personal] for field in message.fields)


@cache
def has_personal(message: Descriptor) -> bool:
    """Tells whether a field of the message, or of one within it, is marked."""
    return any(is_personal(one) for one in _within(message, set()))


@cache
def personal_messages() -> dict[str, frozenset[str]]:
    """Returns, by service, the full names of the messages that have marked fields themselves; of all protos, whichever are loaded."""
    everything = descriptor_pb2.FileDescriptorSet.FromString(
        files("bluepacific.descriptors").joinpath("all.binpb").read_bytes()
    )
    found: dict[str, set[str]] = {}
    for file in everything.file:
        for message in file.message_type:
            if any(field.options.Extensions[options_pb2.personal] for field in message.field):
                found.setdefault(file.package.split(".")[1], set()).add(f"{file.package}.{message.name}")
    return {service: frozenset(names) for service, names in found.items()}


def _within(message: Descriptor, seen: set[str]) -> Iterator[Descriptor]:
    if message.full_name in seen or not message.full_name.startswith(_OURS):
        return
    seen.add(message.full_name)
    yield message
    for field in message.fields:
        if field.type == FieldDescriptor.TYPE_MESSAGE and field.message_type is not None:
            yield from _within(field.message_type, seen)
