"""The REST surface that the protos describe: each exposed method with its paths. Nothing else in the gateway looks for methods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from importlib import import_module
from importlib.resources import files
from typing import Any

from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor

from bluepacific.options.v1 import options_pb2
from bp_gateway.templates import Template, parse_template

HTTP_BODY = "google.api.HttpBody"


class Kind(Enum):
    """How a method's messages travel over HTTP."""

    UNARY = "JSON in, JSON out"
    FILE = "one file out"
    EVENTS = "server-sent events"
    DOWNLOAD = "a streamed file out"
    UPLOAD = "a streamed file in"


@dataclass(frozen=True)
class Binding:
    """One HTTP method and path of an RPC.

    Attributes:
        method: The RPC.
        verb: `GET`, `POST`, …
        template: The path.
        body: `*`, the request field that the body is, or empty for no body.
        number: 0 for the method's first path, then its additional ones.
    """

    method: MethodDescriptor
    verb: str
    template: Template
    body: str
    number: int

    @cached_property
    def kind(self) -> Kind:
        """How its messages travel.

        Raises:
            ValueError: A combination of streams that HTTP does not carry.
        """
        method = self.method
        gives_file = method.output_type.full_name == HTTP_BODY
        if method.client_streaming:
            field = method.input_type.fields_by_name.get(self.body)
            if method.server_streaming or not field or not field.message_type:
                raise ValueError(f"{method.full_name}: a client stream needs an HttpBody field as its body")
            return Kind.UPLOAD
        if method.server_streaming:
            return Kind.DOWNLOAD if gives_file else Kind.EVENTS
        return Kind.FILE if gives_file else Kind.UNARY

    @cached_property
    def rpc_path(self) -> str:
        """The gRPC path: `/bluepacific.cooperation.v1.RequestService/GetRequest`."""
        return f"/{self.method.containing_service.full_name}/{self.method.name}"

    @property
    def package(self) -> str:
        """The proto package of its service: `bluepacific.cooperation.v1`."""
        return str(self.method.containing_service.file.package)

    @property
    def access(self) -> options_pb2.Access:
        """Who may call it."""
        return self.method.GetOptions().Extensions[options_pb2.access]

    @cached_property
    def again_seconds(self) -> int:
        """How long an answer may be given again while the service cannot be reached.

        Raises:
            ValueError: It may not be: each such read has to be asked for, or kept, by the service.
        """
        options = self.method.GetOptions()
        seconds = int(options.Extensions[options_pb2.answer_again_seconds])
        recorded = options.Extensions[options_pb2.audit] != options_pb2.AUDIT_NONE
        judged = recorded or self.access.purpose_required or self.access.visitors
        if seconds and (self.verb != "GET" or self.kind is not Kind.UNARY or judged):
            raise ValueError(f"{self.method.full_name}: its answers cannot be given again")
        return seconds

    @cached_property
    def queue_seconds(self) -> int:
        """How long a call may wait here while the service cannot be reached.

        Raises:
            ValueError: It may not: it is a read, a file, a stranger's, or somebody has to say what for or agree to it.
        """
        seconds = int(self.method.GetOptions().Extensions[options_pb2.queue].seconds)
        access = self.access
        judged = access.public or access.purpose_required or access.second_person or access.second_person_when.field
        abroad = access.visitors or access.client_scope or access.scope == options_pb2.SCOPE_ANY_COUNTRY
        if seconds and (self.verb == "GET" or self.kind is not Kind.UNARY or judged or abroad):
            raise ValueError(f"{self.method.full_name}: its calls cannot wait")
        return seconds

    @cached_property
    def new_request(self) -> Any:
        """The request's message class."""
        return message_factory.GetMessageClass(self.method.input_type)

    @cached_property
    def new_response(self) -> Any:
        """The response's message class."""
        return message_factory.GetMessageClass(self.method.output_type)

    def field(self, path: str) -> FieldDescriptor | None:
        """Returns a field of the request by its dotted path, or None."""
        message: Descriptor | None = self.method.input_type
        field = None
        for name in path.split("."):
            field = message.fields_by_name.get(name) if message else None
            if field is None:
                return None
            message = field.message_type
        return field

    @cached_property
    def etag_field(self) -> str:
        """Dotted path of the field that If-Match stands for; empty where there is no version to compare with."""
        nested = f"{self.body}.etag" if self.verb in ("PATCH", "PUT") else ""
        return self._text_field("etag") or self._text_field(nested)

    @cached_property
    def request_id_field(self) -> str:
        """The field that Idempotency-Key stands for; empty for none."""
        return self._text_field("request_id")

    def _text_field(self, path: str) -> str:
        field = self.field(path)
        return path if field and field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated else ""

    @cached_property
    def path_fields(self) -> frozenset[str]:
        """Dotted paths of the request fields that the path gives."""
        return frozenset(variable.field for variable in self.template.variables)


def packaged_descriptors() -> bytes:
    """Returns the descriptor set of all of Blue Pacific's protos, comments included."""
    return files("bluepacific.descriptors").joinpath("all.binpb").read_bytes()


def bindings_of(descriptor_set: bytes) -> list[Binding]:
    """Returns every path of every method that a gateway exposes.

    Imports the generated modules, so that messages are of the classes that servicers use.

    Args:
        descriptor_set: A serialised FileDescriptorSet.

    Raises:
        ValueError: A template cannot be read, or names a field that the request has not.
    """
    found: list[Binding] = []
    for file in descriptor_pb2.FileDescriptorSet.FromString(descriptor_set).file:
        if not file.service or not file.package.startswith("bluepacific."):
            continue
        import_module(file.name.removesuffix(".proto").replace("/", ".") + "_pb2")
        for service in file.service:
            described = descriptor_pool.Default().FindServiceByName(f"{file.package}.{service.name}")
            for method in described.methods:
                found += _bindings_of(method)
    return found


def _bindings_of(method: MethodDescriptor) -> Iterator[Binding]:
    options = method.GetOptions()
    access = options.Extensions[options_pb2.access]
    if access.node_only or access.peer_only or not options.HasExtension(annotations_pb2.http):
        return
    first = options.Extensions[annotations_pb2.http]
    for number, rule in enumerate((first, *first.additional_bindings)):
        verb, path = _verb_and_path(rule)
        binding = Binding(method, verb, parse_template(path), rule.body, number)
        for field in binding.path_fields | ({rule.body} - {"", "*"}):
            if binding.field(field) is None:
                raise ValueError(f"{method.full_name}: its request has no field {field}")
        _ = (binding.kind, binding.again_seconds, binding.queue_seconds)
        yield binding


def _verb_and_path(rule: http_pb2.HttpRule) -> tuple[str, str]:
    pattern = rule.WhichOneof("pattern")
    if pattern is None:
        raise ValueError("an http option without a path")
    if pattern == "custom":
        return rule.custom.kind, rule.custom.path
    return pattern.upper(), getattr(rule, pattern)
