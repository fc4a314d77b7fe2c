"""Errors as RFC 9457 problem documents, in the caller's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, cast

import grpc
import orjson
from google.rpc import code_pb2, error_details_pb2, status_pb2

from bp_gateway.places import Shape
from bp_gateway.transcode.faults import ParameterRefused
from bp_kit.errors import Refused
from bp_kit.proofs import PROOF_ALGORITHMS
from bp_kit.reasons import reason_of
from bp_kit.rpc.status import DETAILS_KEY, status_of

MEDIA_TYPE = b"application/problem+json"

_HTTP_OF_CODE = {
    code_pb2.CANCELLED: 499,
    code_pb2.INVALID_ARGUMENT: 400,
    code_pb2.DEADLINE_EXCEEDED: 504,
    code_pb2.NOT_FOUND: 404,
    code_pb2.ALREADY_EXISTS: 409,
    code_pb2.PERMISSION_DENIED: 403,
    code_pb2.UNAUTHENTICATED: 401,
    code_pb2.RESOURCE_EXHAUSTED: 429,
    code_pb2.FAILED_PRECONDITION: 400,
    code_pb2.ABORTED: 409,
    code_pb2.OUT_OF_RANGE: 400,
    code_pb2.UNIMPLEMENTED: 501,
    code_pb2.UNAVAILABLE: 503,
}
# Where HTTP says it more exactly than a gRPC code can.
_HTTP_OF_REASON = {
    "METHOD_NOT_ALLOWED": 405,
    "BODY_TOO_LARGE": 413,
    "HEADERS_TOO_LARGE": 431,
    "UNSUPPORTED_MEDIA_TYPE": 415,
}
# What a failure means that no service of ours described: the transport's own.
_REASON_OF_CODE = {
    grpc.StatusCode.UNAVAILABLE: "UNAVAILABLE",
    grpc.StatusCode.DEADLINE_EXCEEDED: "DEADLINE_EXCEEDED",
    grpc.StatusCode.RESOURCE_EXHAUSTED: "OVERLOADED",
    grpc.StatusCode.CANCELLED: "UNAVAILABLE",
    grpc.StatusCode.UNIMPLEMENTED: "ROUTE_NOT_FOUND",
}


@dataclass(frozen=True)
class Problem:
    """A problem document, ready to be sent.

    Attributes:
        status: HTTP status.
        body: JSON.
        reason: For logs and spans.
        headers: Extra response headers.
    """

    status: int
    body: bytes
    reason: str
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)


@dataclass(frozen=True)
class Situation:
    """Where an error is told.

    Attributes:
        language: The caller's.
        trace_id: 32 hexadecimal digits.
        docs: URL under which reasons are described: `https://node.example/docs/errors`.
        shape: How the request is spread over HTTP.
        conditional: The request carried If-Match.
    """

    language: str
    trace_id: str
    docs: str
    shape: Shape = field(default_factory=Shape)
    conditional: bool = False


def problem_of(error: Exception, situation: Situation) -> Problem:
    """Returns the problem that tells of an error; of the unforeseen, nothing but the trace id."""
    status = _described(error)
    if status is None:
        refused = error if isinstance(error, Refused) else Refused(_undescribed(error))
        status = status_of(refused, situation.language, situation.trace_id)
    place_of = _parameter if isinstance(error, ParameterRefused) else situation.shape.place_of
    return _problem(status, situation, place_of)


def _parameter(name: str) -> dict[str, str]:
    return {"parameter": name}


def is_unforeseen(error: Exception) -> bool:
    """Tells whether nobody meant the error to be shown: it belongs into the log."""
    return not isinstance(error, Refused) and _described(error) is None and _undescribed(error) == "UNSPECIFIED"


def reason_told(error: Exception) -> str:
    """Returns the name of the reason that an error tells its caller."""
    if isinstance(error, Refused):
        return error.reason
    status = _described(error)
    return str(_detail(status, error_details_pb2.ErrorInfo()).reason) if status else _undescribed(error)


def _undescribed(error: Exception) -> str:
    return _REASON_OF_CODE.get(error.code(), "UNSPECIFIED") if isinstance(error, grpc.RpcError) else "UNSPECIFIED"


def _described(error: Exception) -> status_pb2.Status | None:
    if not isinstance(error, grpc.RpcError):
        return None
    for key, value in cast("Iterable[tuple[str, Any]]", error.trailing_metadata() or ()):
        if key == DETAILS_KEY:
            status = status_pb2.Status.FromString(value)
            return status if any(one.Is(error_details_pb2.ErrorInfo.DESCRIPTOR) for one in status.details) else None
    return None


def _problem(status: status_pb2.Status, situation: Situation, place_of: Callable[[str], dict[str, str]]) -> Problem:
    info = _detail(status, error_details_pb2.ErrorInfo())
    http = _http_status(info.reason, status.code, situation)
    title = _detail(status, error_details_pb2.LocalizedMessage()).message or status.message
    errors = [_field_error(one, place_of(one.field)) for one in _violations(status)]
    document: dict[str, Any] = {
        "type": f"{situation.docs}/{info.reason}",
        "title": title,
        "status": http,
        "detail": "; ".join(one["detail"] for one in errors) or title,
        "instance": f"urn:trace:{situation.trace_id}",
        "reason": info.reason,
        "domain": info.domain,
        "metadata": {key: value for key, value in sorted(info.metadata.items()) if key != "allow"},
    }
    if errors:
        document["errors"] = errors
    return Problem(http, orjson.dumps(document), info.reason, _headers(status, info, http))


def _http_status(reason: str, code: int, situation: Situation) -> int:
    if reason == "ETAG_MISMATCH" and situation.conditional:
        return 412
    return _HTTP_OF_REASON.get(reason) or _HTTP_OF_CODE.get(code, 500)


def http_status_of(reason: str) -> int:
    """Returns the HTTP status that usually carries a reason."""
    return _HTTP_OF_REASON.get(reason) or _HTTP_OF_CODE.get(reason_of(reason).code, 500)


def _headers(status: status_pb2.Status, info: error_details_pb2.ErrorInfo, http: int) -> list[tuple[bytes, bytes]]:
    headers = []
    language = _detail(status, error_details_pb2.LocalizedMessage()).locale
    if language:
        headers.append((b"content-language", language.encode()))
    retry = _detail(status, error_details_pb2.RetryInfo())
    if retry.HasField("retry_delay"):
        headers.append((b"retry-after", str(max(1, retry.retry_delay.seconds)).encode()))
    if http == 401:  # noqa: PLR2004 - RFC 9110, 15.5.2
        challenge = b"Bearer" if info.reason == "TOKEN_MISSING" else b'Bearer error="invalid_token"'
        headers.append((b"www-authenticate", challenge))
        headers.append((b"www-authenticate", f'DPoP algs="{" ".join(PROOF_ALGORITHMS)}"'.encode()))
    if info.metadata.get("allow"):
        headers.append((b"allow", info.metadata["allow"].encode()))
    return headers


def _violations(status: status_pb2.Status) -> list[error_details_pb2.BadRequest.FieldViolation]:
    return list(_detail(status, error_details_pb2.BadRequest()).field_violations)


def _field_error(violation: error_details_pb2.BadRequest.FieldViolation, place: dict[str, str]) -> dict[str, str]:
    detail = violation.localized_message.message or violation.description
    return {**place, "reason": violation.reason or "INVALID_FIELD", "detail": detail}


def _detail(status: status_pb2.Status, kind: Any) -> Any:
    for packed in status.details:
        if packed.Is(kind.DESCRIPTOR):
            packed.Unpack(kind)
            break
    return kind
