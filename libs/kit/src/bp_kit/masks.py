"""Which fields an update changes (AIP-134)."""

from __future__ import annotations

from collections.abc import Collection

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from bp_kit.errors import Refused


def check_mask(mask: FieldMask, mutable: Collection[str]) -> None:
    """Refuses a mask that names a field which cannot change.

    Raises:
        Refused: INVALID_FIELD.
    """
    for path in mask.paths:
        if path not in mutable:
            description = f"can name {', '.join(mutable)}; not {path[:50]}"
            raise Refused("INVALID_FIELD", field="update_mask", description=description)


def fields_to_change(mask: FieldMask, resource: Message, mutable: Collection[str]) -> list[str]:
    """Returns the fields that an update changes: those of the mask, or without one those of the resource that are set.

    Args:
        mask: As sent.
        resource: As sent.
        mutable: Fields that can change.

    Raises:
        Refused: INVALID_FIELD: the mask names something else.
    """
    check_mask(mask, mutable)
    if mask.paths:
        return list(mask.paths)
    return [descriptor.name for descriptor, _ in resource.ListFields() if descriptor.name in mutable]
