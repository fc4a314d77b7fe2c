"""The well-known types' own JSON forms: times, durations, masks, wrappers and free JSON."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from typing import Any

from bp_gateway.transcode.faults import Fault

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive on both sides, twice as fast; always UTC
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_DURATION = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,9}))?s", re.ASCII)
_MASK_PATH = re.compile(r"[a-z][a-zA-Z0-9]*(?:\.[a-z][a-zA-Z0-9]*)*", re.ASCII)
_UPPER = re.compile(r"[A-Z]")
_LOWER_AFTER = re.compile(r"_([a-z0-9])")
_MAX_SECONDS = 315_576_000_000
_MAX_MASK = 100
_MAX_WHOLE = 2**53
MAX_DEPTH = 80  # protobuf's own parsers stop at 100 levels of messages; a Struct takes three a level


def fraction(nanos: int) -> str:
    """Returns nanoseconds as no, three, six or nine digits after a point."""
    if not nanos:
        return ""
    if not nanos % 1_000_000:
        return f".{nanos // 1_000_000:03d}"
    return f".{nanos // 1000:06d}" if not nanos % 1000 else f".{nanos:09d}"


def encode_timestamp(message: Any) -> str:
    """Returns a Timestamp as RFC 3339 in UTC."""
    return (_EPOCH + timedelta(seconds=message.seconds)).isoformat() + fraction(message.nanos) + "Z"


def decode_timestamp(value: Any, message: Any, _depth: int) -> None:
    """Reads RFC 3339 into a Timestamp.

    Raises:
        Fault: Not a string of that form, or not a time that exists.
    """
    found = _TIMESTAMP.fullmatch(value) if type(value) is str else None
    if found is None:
        raise Fault("json.timestamp")
    try:
        local = datetime.fromisoformat(found[1])
        hours, minutes = (0, 0) if found[3] == "Z" else (int(found[3][:3]), int(found[3][0] + found[3][4:]))
        if abs(hours) > 23 or abs(minutes) > 59:  # noqa: PLR2004 - a clock's face
            raise Fault("json.timestamp")
        since = local - timedelta(hours=hours, minutes=minutes) - _EPOCH
    except (ValueError, OverflowError):
        raise Fault("json.timestamp") from None
    message.seconds = since.days * 86400 + since.seconds
    message.nanos = int(found[2].ljust(9, "0")) if found[2] else 0


def encode_duration(message: Any) -> str:
    """Returns a Duration as seconds with the letter s."""
    seconds, nanos = message.seconds, message.nanos
    sign = "-" if seconds < 0 or nanos < 0 else ""
    return f"{sign}{abs(seconds)}{fraction(abs(nanos))}s"


def decode_duration(value: Any, message: Any, _depth: int) -> None:
    """Reads `1.5s` into a Duration.

    Raises:
        Fault: Not of that form, or longer than 10,000 years.
    """
    found = _DURATION.fullmatch(value) if type(value) is str else None
    if found is None or int(found[2]) > _MAX_SECONDS:
        raise Fault("json.duration")
    sign = -1 if found[1] else 1
    message.seconds = sign * int(found[2])
    message.nanos = sign * int(found[3].ljust(9, "0")) if found[3] else 0


def encode_mask(message: Any) -> str:
    """Returns a FieldMask as comma-separated paths in lowerCamelCase."""
    return ",".join(_LOWER_AFTER.sub(lambda found: found[1].upper(), path) for path in message.paths)


def decode_mask(value: Any, message: Any, _depth: int) -> None:
    """Reads comma-separated paths in lowerCamelCase into a FieldMask.

    Raises:
        Fault: Not a string, too many paths, or a path that no field can have.
    """
    if type(value) is not str:
        raise Fault("json.mask")
    paths = value.split(",") if value else []
    if len(paths) > _MAX_MASK or not all(_MASK_PATH.fullmatch(path) for path in paths):
        raise Fault("json.mask")
    message.paths.extend(_UPPER.sub(lambda found: "_" + found[0].lower(), path) for path in paths)


def encode_value(message: Any) -> Any:
    """Returns a `google.protobuf.Value` as the JSON it stands for."""
    kind = message.WhichOneof("kind")
    if kind == "struct_value":
        return encode_struct(message.struct_value)
    if kind == "list_value":
        return encode_list(message.list_value)
    if kind is None or kind == "null_value":
        return None
    if kind == "number_value":
        return _number(message.number_value)
    return getattr(message, kind)


def _number(value: float) -> float | int:
    if not math.isfinite(value):
        raise ValueError("a Value holds a number that JSON cannot carry")
    # 5 came in as 5 and must not go out as 5.0, which strict readers of whole numbers refuse.
    return int(value) if value.is_integer() and abs(value) <= _MAX_WHOLE else value


def encode_struct(message: Any) -> dict[str, Any]:
    """Returns a Struct as a JSON object."""
    fields = message.fields
    return {key: encode_value(fields[key]) for key in fields}


def encode_list(message: Any) -> list[Any]:
    """Returns a ListValue as a JSON array."""
    return [encode_value(value) for value in message.values]


def decode_value(value: Any, message: Any, depth: int) -> None:
    """Reads any JSON into a `google.protobuf.Value`.

    Raises:
        Fault: Too deep, or a text with a NUL character.
    """
    kind = type(value)
    if kind is str:
        message.string_value = text(value)
    elif kind is dict:
        message.struct_value.SetInParent()
        decode_struct(value, message.struct_value, depth + 1)
    elif kind is list:
        message.list_value.SetInParent()
        decode_list(value, message.list_value, depth + 1)
    elif value is None:
        message.null_value = 0
    elif kind is bool:
        message.bool_value = value
    else:
        message.number_value = value


def decode_struct(value: Any, message: Any, depth: int) -> None:
    """Reads a JSON object into a Struct.

    Raises:
        Fault: Not an object, or as `decode_value`.
    """
    if type(value) is not dict:
        raise Fault("json.object")
    if depth > MAX_DEPTH:
        raise Fault("json.depth", limit=MAX_DEPTH)
    key = ""
    try:
        for key, item in value.items():
            decode_value(item, message.fields[text(key)], depth + 2)
    except Fault as fault:
        raise fault.under(key) from None


def decode_list(value: Any, message: Any, depth: int) -> None:
    """Reads a JSON array into a ListValue.

    Raises:
        Fault: Not an array, or as `decode_value`.
    """
    if type(value) is not list:
        raise Fault("json.array")
    if depth > MAX_DEPTH:
        raise Fault("json.depth", limit=MAX_DEPTH)
    for index, item in enumerate(value):
        try:
            decode_value(item, message.values.add(), depth + 1)
        except Fault as fault:
            raise fault.under(index) from None


def text(value: Any) -> str:
    """Returns a text as it is.

    Raises:
        Fault: Not a string, or one with a NUL character, which databases do not take.
    """
    if type(value) is not str:
        raise Fault("json.string")
    if "\x00" in value:
        raise Fault("json.nul")
    return value
