"""Query parameters to request fields: every field that neither path nor body gives, nested ones with dots."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from bp_gateway.surface import HTTP_BODY, Binding
from bp_gateway.transcode import Fault, decoder_of
from bp_gateway.transcode.scalars import written_reader_of

_MAX_PARAMETERS = 200
_MAX_NESTING = 4
# Messages whose JSON form is one string, so that a parameter can carry it.
_WRITTEN = ("Timestamp", "Duration", "FieldMask")
_WRAPPERS = "google/protobuf/wrappers.proto"


@dataclass(frozen=True)
class Parameter:
    """One query parameter.

    Attributes:
        name: In lowerCamelCase with dots: `narrowing.sinceTime`.
        path: Field names from the request down.
        field: What it sets.
    """

    name: str
    path: tuple[str, ...]
    field: FieldDescriptor


def parameters_of(binding: Binding) -> list[Parameter]:
    """Returns the query parameters that a binding takes."""
    if binding.body == "*":
        return []
    given = binding.path_fields | ({binding.body} if binding.body else set())
    return list(_walk(binding.method.input_type, (), (), given))


def _walk(
    descriptor: Descriptor, path: tuple[str, ...], written: tuple[str, ...], given: frozenset[str] | set[str]
) -> Iterator[Parameter]:
    for field in descriptor.fields:
        here = (*path, field.name)
        if ".".join(here) in given:
            continue
        named = (*written, field.json_name)
        if is_written(field):
            yield Parameter(".".join(named), here, field)
        elif field.message_type and not field.is_repeated and len(here) < _MAX_NESTING and _plain(field.message_type):
            yield from _walk(field.message_type, here, named, given)


def is_written(field: FieldDescriptor) -> bool:
    """Tells whether one parameter can carry a value of the field."""
    message = field.message_type
    if message is None:
        return True
    return bool(
        message.file.package == "google.protobuf" and (message.name in _WRITTEN or message.file.name == _WRAPPERS)
    )


def _plain(message: Descriptor) -> bool:
    return message.file.package != "google.protobuf" and message.full_name != HTTP_BODY


Setter = Callable[[Any, str], None]


class QueryReader:
    """Sets request fields from a query string.

    Args:
        binding: Whose parameters.
    """

    def __init__(self, binding: Binding) -> None:
        self._setters: dict[str, tuple[Setter, bool]] = {}
        for parameter in parameters_of(binding):
            entry = (setter_of(parameter.path, parameter.field), parameter.field.is_repeated)
            self._setters[parameter.name] = entry
            self._setters[".".join(parameter.path)] = entry

    def read(self, query: bytes, message: Any) -> None:
        """Sets the fields that the query string names.

        Raises:
            Refused: UNKNOWN_FIELD, INVALID_FIELD; the field is the parameter's name as it was sent.
        """
        seen: set[Setter] = set()
        for name, value in _pairs(query):
            try:
                setter, repeated = self._setter(name)
                _once(setter, seen, repeated=repeated)
                setter(message, value)
            except Fault as fault:
                raise fault.refusal(parameter=name[:100] or "?") from None

    def _setter(self, name: str) -> tuple[Setter, bool]:
        entry = self._setters.get(name)
        if entry is None:
            raise Fault("json.unknown", reason="UNKNOWN_FIELD")
        return entry


def _once(setter: Setter, seen: set[Setter], *, repeated: bool) -> None:
    if setter in seen and not repeated:
        raise Fault("json.twice")
    seen.add(setter)


def _pairs(query: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MAX_PARAMETERS,
        )
    except ValueError:
        raise Fault("json.query").refusal(parameter="query") from None


def setter_of(path: tuple[str, ...], field: FieldDescriptor) -> Setter:
    """Returns what sets a field of a request, however deep, from text; it raises `Fault`."""
    *parents, name = path
    assign = _assign(name, field)
    if not parents:
        return assign

    def set_nested(message: Any, value: str) -> None:
        for parent in parents:
            message = getattr(message, parent)
        assign(message, value)

    return set_nested


def _assign(name: str, field: FieldDescriptor) -> Setter:
    if field.message_type:
        return _assign_message(name, field, field.message_type)
    read = written_reader_of(field)
    if field.is_repeated:
        return lambda message, value: getattr(message, name).append(read(value))
    return lambda message, value: setattr(message, name, read(value))


def _assign_message(name: str, field: FieldDescriptor, kind: Descriptor) -> Setter:
    inner = written_reader_of(kind.fields_by_name["value"]) if kind.file.name == _WRAPPERS else None
    decode = decoder_of(kind)

    def assign(message: Any, value: str) -> None:
        child = getattr(message, name)
        child = child.add() if field.is_repeated else child
        if inner:
            child.value = inner(value)
        else:
            decode(value, child, 0)
            if not field.is_repeated:
                child.SetInParent()

    return assign
