"""What the protos say about a method: its options, its names, its kind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from google.api import annotations_pb2
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message

from bluepacific.options.v1 import options_pb2
from bp_kit.personal import personal_when, shows_personal

_LISTED = re.compile(r"\{parent=[^}]*\}/(\w+)")
_NESTED = re.compile(r"\{(\w+\.name)[=}]")


@dataclass(frozen=True)
class Method:
    """One RPC method as its proto defines it.

    Attributes:
        path: `/bluepacific.cooperation.v1.RequestService/GetRequest`.
        service: Short name of the service it belongs to: `cooperation`.
        access: Who may call.
        audit: What is kept of each call.
        read_only: It changes nothing: its REST verb is GET, or its idempotency level says so.
        name_path: Where the request names its record: `("name",)`, `("parent",)`, `("course", "name")`; empty for none.
        has_request_id: The request carries an idempotency key.
        shows_personal: It changes nothing, and its answer may have personal data in it: each call is kept in the node's log.
        personal_when: The request's boolean field without which it has none after all; empty: there is no such field.
        collection: What of a record's it lists: `officers`; empty: it shows the record itself.
        queue_seconds: How long a call may wait at a gateway while the service cannot be reached; 0: not at all.
        queue_only_with: Fields that a request must set for that, by their paths.
    """

    path: str
    service: str
    access: options_pb2.Access
    audit: options_pb2.Audit.ValueType
    read_only: bool
    name_path: tuple[str, ...]
    has_request_id: bool
    shows_personal: bool = False
    personal_when: str = ""
    collection: str = ""
    queue_seconds: int = 0
    queue_only_with: tuple[str, ...] = ()

    @property
    def audited(self) -> bool:
        """Tells whether calls are kept."""
        return self.audit in (options_pb2.AUDIT_METADATA, options_pb2.AUDIT_FULL)

    @property
    def changes_resource(self) -> bool:
        """Tells whether the record is named within the resource that changes it; such a name may be left out in creates only."""
        return len(self.name_path) > 1

    def in_scope(self, scopes: frozenset[str] | None) -> bool:
        """Tells whether a token narrowed to these scopes may call; None: one that is not narrowed."""
        if self.access.client_scope:
            return scopes is not None and self.access.client_scope in scopes
        return scopes is None or self.scope in scopes or (self.read_only and f"{self.scope}.read" in scopes)

    @property
    def scope(self) -> str:
        """The OAuth scope that a narrowed token needs, or its `.read` where the method changes nothing."""
        return self.access.client_scope or self.access.permission.partition(".")[0]

    def needs_second_person(self, request: Message) -> bool:
        """Tells whether such a request takes effect only once a second person has confirmed it."""
        when = self.access.second_person_when
        if not when.field:
            return self.access.second_person
        return any(value in when.values if when.values else True for value in values_at(request, when.field))

    def name_in(self, request: Message) -> str:
        """Returns the name of the record that a request is about; empty where it has none."""
        found: Any = request
        for field in self.name_path:
            found = getattr(found, field)
        return found if self.name_path else ""


@lru_cache(maxsize=1024)
def method_of(path: str) -> Method:
    """Returns the method of a gRPC path.

    Raises:
        KeyError: No loaded proto defines it.
        ValueError: It has no access option: nobody may call it, so it must not be served; or visitors could change something.
    """
    descriptor = descriptor_of(path)
    options = descriptor.GetOptions()
    access = options.Extensions[options_pb2.access]
    if not (access.public or access.roles or access.node_only or access.peer_only):
        raise ValueError(f"{path} has no access option")
    if access.visitors and not _read_only(descriptor):
        raise ValueError(f"{path} would let visitors change something")
    fields, queue = descriptor.input_type.fields_by_name, options.Extensions[options_pb2.queue]
    return Method(
        path=path,
        service=descriptor.containing_service.full_name.split(".")[1],
        access=access,
        audit=options.Extensions[options_pb2.audit],
        read_only=_read_only(descriptor),
        name_path=_name_path(descriptor),
        has_request_id="request_id" in fields,
        shows_personal=_read_only(descriptor) and shows_personal(descriptor),
        personal_when=personal_when(descriptor),
        collection=_collection(descriptor),
        queue_seconds=queue.seconds,
        queue_only_with=tuple(queue.only_with),
    )


def values_at(message: Message, path: str) -> list[str]:
    """Returns the names of an enum field's values that are set; of a repeated one, of all.

    Args:
        message: Where the path begins.
        path: `grant.role`, `client.grants.role`.
    """
    *parents, last = path.split(".")
    found: list[Any] = [message]
    for name in parents:
        found = [child for one in found for child in _all(one, name)]
    return [_name_of(one, last, number) for one in found for number in _all(one, last) if number]


def _all(message: Any, field: str) -> list[Any]:
    value = getattr(message, field)
    return list(value) if message.DESCRIPTOR.fields_by_name[field].is_repeated else [value]


def _name_of(message: Any, field: str, number: int) -> str:
    named = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number.get(number)
    return named.name if named else str(number)


def descriptor_of(path: str) -> MethodDescriptor:
    """Returns the descriptor of a gRPC path.

    Raises:
        KeyError: No loaded proto defines it.
    """
    service_name, method_name = path.strip("/").split("/")
    return descriptor_pool.Default().FindServiceByName(service_name).methods_by_name[method_name]


def _name_path(descriptor: MethodDescriptor) -> tuple[str, ...]:
    """The path's own variable where it is within a resource, as in updates; else `name` or `parent`."""
    rule = descriptor.GetOptions().Extensions[annotations_pb2.http]
    nested = _NESTED.search(rule.patch or rule.put)
    if nested:
        return tuple(nested[1].split("."))
    return next(((name,) for name in ("name", "parent") if name in descriptor.input_type.fields_by_name), ())


def _collection(descriptor: MethodDescriptor) -> str:
    listed = _LISTED.search(descriptor.GetOptions().Extensions[annotations_pb2.http].get)
    return listed[1] if listed else ""


def _read_only(descriptor: MethodDescriptor) -> bool:
    options = descriptor.GetOptions()
    return bool(options.Extensions[annotations_pb2.http].get or options.idempotency_level == options.NO_SIDE_EFFECTS)
