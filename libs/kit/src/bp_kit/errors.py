"""Typed refusals. Domain code raises them; the pipeline turns them into `google.rpc.Status`.

A reason is a value of some package's `ErrorReason`: its gRPC code and its text in four languages stand in the proto, nowhere else.
Standard library only, so that domains may import it.
"""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Violation:
    """One field that breaks a rule.

    Attributes:
        field: Path as protos write it: `request.recipients[1]`.
        reason: The error reason, usually `INVALID_FIELD`.
        metadata: Values for the text's braces.
    """

    field: str
    reason: str
    metadata: dict[str, str] = dataclasses.field(default_factory=dict)


class Refused(Exception):  # noqa: N818 - reads as what happened: `raise Refused("NOT_FOUND")`
    """A call that cannot be done, for a reason its caller can understand.

    Args:
        reason: Name of an `ErrorReason` value without its prefix: `NOT_FOUND`.
        field: The request's field at fault, if one is.
        violations: Several fields at fault at once.
        metadata: Values for the text's braces; never personal data.
    """

    def __init__(
        self, reason: str, *, field: str = "", violations: tuple[Violation, ...] = (), **metadata: object
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field
        self.metadata = {key: str(value) for key, value in metadata.items()}
        self.violations = violations or ((Violation(field, reason, self.metadata),) if field else ())
