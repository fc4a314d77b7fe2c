"""A refusal as `google.rpc.Status` with its details, in the caller's language (AIP-193)."""

from __future__ import annotations

from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

from bp_kit.errors import Refused, Violation
from bp_kit.reasons import reason_of, reason_text
from bp_kit.validation import rule_text

DETAILS_KEY = "grpc-status-details-bin"
_RETRY_SECONDS = 5
# A status travels in trailers, of which gRPC takes 8 KiB in all: of a thousand fields at fault, the first ones are told.
_FIELDS_BYTES = 4096
_RETRYABLE = (code_pb2.UNAVAILABLE, code_pb2.RESOURCE_EXHAUSTED)


def status_of(refused: Refused, language: str, trace_id: str) -> status_pb2.Status:
    """Returns the status that tells a caller why; its message is the English text, for developers."""
    reason = reason_of(refused.reason)
    metadata = _told(refused, "en")
    details = [
        error_details_pb2.ErrorInfo(reason=refused.reason, domain=reason.domain, metadata=refused.metadata),
        error_details_pb2.LocalizedMessage(
            locale=language, message=reason_text(refused.reason, language, _told(refused, language))
        ),
    ]
    if refused.violations:
        details.append(told_fields(refused.violations, language))
    if reason.code in _RETRYABLE:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromSeconds(_RETRY_SECONDS)
        details.append(retry)
    if trace_id:
        details.append(error_details_pb2.RequestInfo(request_id=trace_id))
    return status_pb2.Status(
        code=reason.code, message=reason_text(refused.reason, "en", metadata), details=[_packed(one) for one in details]
    )


def _told(refused: Refused, language: str) -> dict[str, str]:
    """The values for the text's braces; the first violation stands for all of them."""
    if not refused.violations:
        return refused.metadata
    first = refused.violations[0]
    return {**first.metadata, **refused.metadata, "field": first.field, "description": _description(first, language)}


def _description(violation: Violation, language: str) -> str:
    if violation.metadata.get("rule"):
        return rule_text(violation.metadata, language)
    return violation.metadata.get("description", "")


def told_fields(violations: tuple[Violation, ...], language: str) -> error_details_pb2.BadRequest:
    """Returns the fields at fault in the caller's language, as many as fit into trailers."""
    told = error_details_pb2.BadRequest()
    size = 0
    for violation in violations:
        field = _field(violation, language)
        size += field.ByteSize()
        if told.field_violations and size > _FIELDS_BYTES:
            break
        told.field_violations.append(field)
    return told


def _field(violation: Violation, language: str) -> error_details_pb2.BadRequest.FieldViolation:
    described = {**violation.metadata, "field": violation.field, "description": _description(violation, language)}
    text = reason_text(violation.reason, language, described)
    return error_details_pb2.BadRequest.FieldViolation(
        field=violation.field,
        reason=violation.reason,
        description=described["description"] or text,
        localized_message=error_details_pb2.LocalizedMessage(locale=language, message=text),
    )


def _packed(detail: object) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(detail)  # type: ignore[arg-type] # the list's common type is object
    return packed
