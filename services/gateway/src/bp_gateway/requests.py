"""A request message from an HTTP request: body, query, path and the two headers that stand for fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from bp_gateway.query import QueryReader, setter_of
from bp_gateway.surface import Binding, Kind
from bp_gateway.transcode import Fault, decoder_of
from bp_gateway.transcode.decoding import parse_json
from bp_kit.errors import Refused

_JSON = "application/json"


class RequestReader:
    """Makes the request messages of one binding.

    Args:
        binding: Which.
    """

    def __init__(self, binding: Binding) -> None:
        self._new = binding.new_request
        self._query = QueryReader(binding)
        self._body = binding.body
        self._decode = self._body_decoder(binding)
        self._variables = [
            (
                variable,
                _getter(variable.field),
                setter_of(tuple(variable.field.split(".")), _leaf(binding, variable.field)),
            )
            for variable in binding.template.variables
        ]
        self._etag = binding.etag_field
        self._request_id = binding.request_id_field

    @property
    def takes_body(self) -> bool:
        """Tells whether there is a JSON body to read."""
        return self._decode is not None

    def read(self, segments: list[str], query: bytes, headers: dict[bytes, bytes], body: bytes) -> Any:
        """Returns the request message.

        Raises:
            Refused: MALFORMED_JSON, UNKNOWN_FIELD, INVALID_FIELD, UNSUPPORTED_MEDIA_TYPE.
        """
        message = self._new()
        if body and self._decode:
            check_media_type(headers.get(b"content-type", b""))
            value = parse_json(body)
            try:
                self._decode(value, message)
            except Fault as fault:
                raise fault.refusal() from None
        if query:
            self._query.read(query, message)
        for variable, get, put in self._variables:
            _put_once(message, get, put, variable.value(segments), variable.field)
        if b"if-match" in headers:
            self._put_header(message, self._etag, headers[b"if-match"], "If-Match")
        if b"idempotency-key" in headers:
            # Some clients quote it, as the header's draft standard asks.
            self._put_header(message, self._request_id, headers[b"idempotency-key"].strip(b'"'), "Idempotency-Key")
        return message

    def _put_header(self, message: Any, field: str, value: bytes, header: str) -> None:
        if not field:
            # Ignoring a condition that the client counts on would be worse than refusing it.
            raise Fault("json.header").refusal(parameter=header)
        written = value.decode("latin-1")
        if written == "*":
            return
        _put_once(message, _getter(field), _text_setter(field), written, header)

    def _body_decoder(self, binding: Binding) -> Callable[[Any, Any], None] | None:
        if not binding.body or binding.kind is Kind.UPLOAD:
            return None
        if binding.body == "*":
            whole = decoder_of(binding.method.input_type)
            return lambda value, message: whole(value, message, 0)
        name = binding.body
        kind = _leaf(binding, name).message_type
        if kind is None:
            raise ValueError(f"{binding.method.full_name}: its body {name} is no message")
        part = decoder_of(kind)

        def decode_part(value: Any, message: Any) -> None:
            child = getattr(message, name)
            child.SetInParent()
            part(value, child, 1)

        return decode_part


def check_media_type(content_type: bytes) -> None:
    """Refuses a body that does not say it is JSON in UTF-8.

    Raises:
        Refused: UNSUPPORTED_MEDIA_TYPE.
    """
    if content_type == b"application/json":
        return
    kind, _, parameters = content_type.decode("latin-1").lower().partition(";")
    if kind.strip() != _JSON or parameters.strip().replace('"', "") not in ("", "charset=utf-8"):
        raise Refused("UNSUPPORTED_MEDIA_TYPE", expected=_JSON)


def _put_once(message: Any, get: Callable[[Any], Any], put: Callable[[Any, str], None], value: str, place: str) -> None:
    """Sets a field that the body may have set already, though not to something else."""
    before = get(message)
    try:
        put(message, value)
    except Fault as fault:
        raise fault.refusal(parameter=place) from None
    if before and get(message) != before:
        raise Fault("json.differs").refusal(parameter=place)


def _getter(path: str) -> Callable[[Any], Any]:
    names = path.split(".")

    def get(message: Any) -> Any:
        for name in names:
            message = getattr(message, name)
        return message

    return get


def _text_setter(path: str) -> Callable[[Any, str], None]:
    *parents, last = path.split(".")

    def put(message: Any, value: str) -> None:
        for parent in parents:
            message = getattr(message, parent)
        setattr(message, last, value)

    return put


def _leaf(binding: Binding, path: str) -> FieldDescriptor:
    field = binding.field(path)
    if field is None or field.is_repeated:
        raise ValueError(f"{binding.method.full_name}: {path} is no single field of its request")
    return field
