"""The protos' comments by full name: they are the public documentation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from google.protobuf import descriptor_pb2

_FileProto = descriptor_pb2.FileDescriptorProto


def comments_of(descriptor_set: bytes) -> dict[str, str]:
    """Returns the leading comment of every element that has one, by full name.

    Args:
        descriptor_set: A serialised FileDescriptorSet with source info.
    """
    found = {}
    for file in descriptor_pb2.FileDescriptorSet.FromString(descriptor_set).file:
        names = dict(_named(file))
        for location in file.source_code_info.location:
            name = names.get(tuple(location.path))
            if name and location.leading_comments:
                found[name] = _tidied(location.leading_comments)
    return found


def summary_of(comment: str) -> str:
    """Returns a comment's first sentence without its full stop."""
    return comment.split("\n", 1)[0].split(". ", 1)[0].rstrip(".:")


def _tidied(comment: str) -> str:
    return "\n".join(line.removeprefix(" ").rstrip() for line in comment.strip("\n").split("\n")).strip()


Path = tuple[int, ...]


def _named(file: _FileProto) -> Iterator[tuple[Path, str]]:
    # The numbers are the field numbers of descriptor.proto, which source info uses as paths.
    yield from _messages(file.message_type, (4,), file.package)
    yield from _enums(file.enum_type, (5,), file.package)
    for index, service in enumerate(file.service):
        name = f"{file.package}.{service.name}"
        yield (6, index), name
        yield from _children(service.method, (6, index, 2), name)


def _messages(messages: Sequence[Any], path: Path, scope: str) -> Iterator[tuple[Path, str]]:
    for index, message in enumerate(messages):
        here, name = (*path, index), f"{scope}.{message.name}"
        yield here, name
        yield from _children(message.field, (*here, 2), name)
        yield from _children(message.oneof_decl, (*here, 8), name)
        yield from _messages(message.nested_type, (*here, 3), name)
        yield from _enums(message.enum_type, (*here, 4), name)


def _enums(enums: Sequence[Any], path: Path, scope: str) -> Iterator[tuple[Path, str]]:
    for index, enum in enumerate(enums):
        here, name = (*path, index), f"{scope}.{enum.name}"
        yield here, name
        yield from _children(enum.value, (*here, 2), name)


def _children(children: Sequence[Any], path: Path, scope: str) -> Iterator[tuple[Path, str]]:
    for index, child in enumerate(children):
        yield (*path, index), f"{scope}.{child.name}"
