"""What a gateway answers when it refuses: an RFC 9457 problem document, as an exception."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import json_format

from bluepacific.queue.v1 import queued_call_pb2

_ACCEPTED = 202
_CODE_OF_STATUS = {
    _ACCEPTED: grpc.StatusCode.UNAVAILABLE,
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    405: grpc.StatusCode.UNIMPLEMENTED,
    409: grpc.StatusCode.ABORTED,
    412: grpc.StatusCode.ABORTED,
    413: grpc.StatusCode.OUT_OF_RANGE,
    415: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    499: grpc.StatusCode.CANCELLED,
    500: grpc.StatusCode.INTERNAL,
    501: grpc.StatusCode.UNIMPLEMENTED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}
_TRACE = "urn:trace:"


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field.

    Attributes:
        place: A JSON Pointer into the body, or the name of a parameter.
        reason: In capitals: `INVALID_FIELD`.
        detail: For a person, in the caller's language.
    """

    place: str
    reason: str
    detail: str


class Problem(grpc.RpcError):
    """A call that was refused or could not be made.

    It is a `grpc.RpcError` too, so code that handles errors of gRPC channels handles these.

    Attributes:
        status: HTTP status; 0 when no gateway answered.
        reason: In capitals, from a proto's `ErrorReason`: `NOT_FOUND`; of the token endpoint OAuth's own: `INVALID_GRANT`.
        title: For a person, in the caller's language.
        detail: The same with the fields named.
        errors: One entry a field.
        metadata: The reason's values: `{"name": "countries/FJI/units/x"}`.
        trace_id: Quote it to support; empty when no gateway answered.
        retry_after: Seconds to wait before another try, when the gateway says so.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        title: str,
        *,
        detail: str = "",
        errors: tuple[FieldError, ...] = (),
        metadata: dict[str, str] | None = None,
        trace_id: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{reason}: {detail or title}")
        self.status = status
        self.reason = reason
        self.title = title
        self.detail = detail or title
        self.errors = errors
        self.metadata = metadata or {}
        self.trace_id = trace_id
        self.retry_after = retry_after

    def code(self) -> grpc.StatusCode:
        """Returns the gRPC status that HTTP stands for here."""
        if not self.status:
            return grpc.StatusCode.UNAVAILABLE
        if self.reason == "ALREADY_EXISTS":
            return grpc.StatusCode.ALREADY_EXISTS
        return _CODE_OF_STATUS.get(self.status, grpc.StatusCode.UNKNOWN)

    def details(self) -> str:
        """Returns the text for a person."""
        return self.detail


class Queued(Problem):
    """The service cannot be reached, and the gateway keeps the call for later, as asked by the metadata `prefer: respond-async`.

    Attributes:
        call: What was kept; `client.queue.queued_calls` tells by its name what becomes of it.
    """

    def __init__(self, body: bytes) -> None:
        super().__init__(_ACCEPTED, "QUEUED", "The call is kept until its service can be reached.")
        self.call = json_format.Parse(body, queued_call_pb2.QueuedCall(), ignore_unknown_fields=True)


def problem_of(status: int, body: bytes, retry_after: str = "") -> Problem:
    """Returns the problem that a response tells of, whoever wrote it: OAuth's errors and a proxy's own error page, too.

    Args:
        status: HTTP status.
        body: The response's body.
        retry_after: The header `Retry-After`, empty for none.
    """
    document = _document(body)
    return Problem(
        status,
        str(
            document.get("reason")
            or _oauth_reason(document)
            or _CODE_OF_STATUS.get(status, grpc.StatusCode.UNKNOWN).name
        ),
        str(document.get("title") or document.get("error_description") or f"The gateway answered {status}."),
        detail=str(document.get("detail") or ""),
        errors=tuple(_field_error(one) for one in document.get("errors") or () if isinstance(one, dict)),
        metadata={str(key): str(value) for key, value in (document.get("metadata") or {}).items()},
        trace_id=str(document.get("instance") or "").removeprefix(_TRACE),
        retry_after=float(retry_after) if retry_after.isascii() and retry_after.isdigit() else None,
    )


def _oauth_reason(document: dict[str, Any]) -> str:
    """Returns the reason of an OAuth error (RFC 6749, 5.2): `invalid_grant` is INVALID_GRANT here."""
    return str(document.get("error") or "").upper()


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _field_error(entry: dict[str, Any]) -> FieldError:
    place = str(entry.get("pointer") or entry.get("parameter") or "")
    return FieldError(place, str(entry.get("reason") or ""), str(entry.get("detail") or ""))
