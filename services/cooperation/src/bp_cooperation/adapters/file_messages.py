"""Attachments to proto and back, with their keys where they travel, without where the API shows them."""

from __future__ import annotations

import re

from bluepacific.common.v1 import blob_pb2
from bluepacific.cooperation.v1 import attachment_pb2, events_pb2
from bp_cooperation.adapters.sealed_files import HEADER
from bp_cooperation.domain.attachment import Attachment, SealedContent, check_file_name, checked_media_type
from bp_cooperation.domain.names import request_of
from bp_kit.errors import Refused
from bp_kit.times import moment, timestamp

_NAME = re.compile(r"countries/[A-Z]{3}/requests/[0-9a-f-]{36}/attachments/[0-9a-f-]{36}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_OCTETS = "application/octet-stream"


def attachment_message(attachment: Attachment, *, available: bool) -> attachment_pb2.Attachment:
    """Returns what the API shows of a file."""
    return attachment_pb2.Attachment(
        name=attachment.name,
        record=attachment.record,
        file_name=attachment.file_name,
        media_type=attachment.media_type,
        size_bytes=attachment.content.size_bytes,
        sha256=attachment.content.sha256,
        available=available,
        create_time=timestamp(attachment.create_time),
    )


def sealed_file(attachment: Attachment) -> events_pb2.SealedFile:
    """Returns a file as it travels in its message."""
    content = attachment.content
    return events_pb2.SealedFile(
        attachment=attachment_message(attachment, available=False), blob=content.blob, key=content.key
    )


def blob_of(attachment: Attachment) -> blob_pb2.Blob:
    """Returns a file's encrypted bytes as a message announces them: they have no name and no type."""
    content = attachment.content
    size = len(HEADER) + content.size_bytes
    return blob_pb2.Blob(digest=content.blob, size_bytes=size, media_type=_OCTETS)


def received_file(file: events_pb2.SealedFile, record: str, *, limit: int) -> Attachment:
    """Returns another node's file of a record.

    Args:
        file: As it travelled.
        record: The request or reply that came with it.
        limit: Largest file.

    Raises:
        Refused: INVALID_FIELD, FILE_NAME_INVALID, UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE.
    """
    shown = file.attachment
    check_file_name(shown.file_name)
    named = _NAME.fullmatch(shown.name) and request_of(shown.name) == request_of(record) and shown.record == record
    if not named or not _DIGEST.fullmatch(shown.sha256) or shown.size_bytes < 1:
        raise Refused("INVALID_FIELD", field="files", description="is not a file of its request or reply")
    if shown.size_bytes > limit:
        raise Refused("BODY_TOO_LARGE", limit=limit)
    return Attachment(
        name=shown.name,
        record=record,
        file_name=shown.file_name,
        media_type=checked_media_type(shown.media_type),
        content=SealedContent(shown.size_bytes, shown.sha256, file.blob, file.key),
        create_time=moment(shown.create_time, "files.create_time"),
    )
