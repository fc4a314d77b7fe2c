"""Every proto of ours, as it was generated, with its comments."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.resources import files

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor, MethodDescriptor

_SET = descriptor_pb2.FileDescriptorSet.FromString(files("bluepacific.descriptors").joinpath("all.binpb").read_bytes())


def our_files() -> list[FileDescriptor]:
    """Returns the descriptors of every file under protos/bluepacific."""
    named = [file.name for file in _SET.file]
    ours = [name for name in named if name.startswith("bluepacific/")]
    for name in ours:
        import_module(name.removesuffix(".proto").replace("/", ".") + "_pb2")
    return [descriptor_pool.Default().FindFileByName(name) for name in ours]


FILES = our_files()


def our_methods() -> list[MethodDescriptor]:
    """Returns every method of every service."""
    return [
        method
        for file in FILES
        for service in file.services_by_name.values()
        for method in service.methods_by_name.values()
    ]


def messages_under(descriptor: Descriptor, seen: set[str] | None = None) -> Iterator[Descriptor]:
    """Yields a message and each message of ours that it can hold."""
    seen = set() if seen is None else seen
    if descriptor.full_name in seen or not descriptor.full_name.startswith("bluepacific."):
        return
    seen.add(descriptor.full_name)
    yield descriptor
    for field in descriptor.fields:
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            yield from messages_under(field.message_type, seen)
