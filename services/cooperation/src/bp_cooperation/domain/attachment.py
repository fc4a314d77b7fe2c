"""Files that belong to requests and replies: what may be attached, and under which name."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from bp_kit.errors import Refused

MAX_NAME_BYTES = 240
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}")
_FAMILIES = ("image", "audio", "video", "font")
# Pictures that run scripts.
_REFUSED = frozenset({"image/svg+xml"})
_TAKEN = frozenset({
    "application/octet-stream",
    "application/pdf",
    "application/json",
    "application/geo+json",
    "application/gpx+xml",
    "application/vnd.google-earth.kml+xml",
    "application/stix+json",
    "application/xml",
    "application/rtf",
    "application/zip",
    "application/gzip",
    "application/x-7z-compressed",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.ms-outlook",
    "application/vnd.tcpdump.pcap",
    "message/rfc822",
    "text/plain",
    "text/csv",
    "text/vcard",
    "text/calendar",
})  # fmt: skip
_TAKEN_BEGINNINGS = (
    "application/vnd.openxmlformats-officedocument.",
    "application/vnd.oasis.opendocument.",
)
# What file systems or shells take for something else, and what turns text around to hide an ending.
_FORBIDDEN = frozenset('/\\<>:"|?*')


@dataclass(frozen=True)
class SealedContent:
    """A file's bytes as they are kept: encrypted, in the blob store.

    Attributes:
        size_bytes: Of the file.
        sha256: Of the file, in hexadecimal.
        blob: SHA-256 of the encrypted bytes, which names them.
        key: Opens them; 32 bytes.
    """

    size_bytes: int
    sha256: str
    blob: str
    key: bytes


@dataclass(frozen=True)
class Attachment:
    """A file that belongs to a request or a reply.

    Attributes:
        name: `countries/FJI/requests/{uuid}/attachments/{uuid}`.
        record: The request or the reply.
        file_name: Without directories.
        media_type: RFC 6838, in lower case, without parameters.
        content: Its bytes.
        create_time: When it was uploaded.
    """

    name: str
    record: str
    file_name: str
    media_type: str
    content: SealedContent
    create_time: datetime


def checked_media_type(given: str) -> str:
    """Returns the media type that a file is kept under; bytes where none is given.

    Raises:
        Refused: UNSUPPORTED_MEDIA_TYPE.
    """
    media_type = given.partition(";")[0].strip().lower() or "application/octet-stream"
    family = media_type.partition("/")[0]
    taken = media_type in _TAKEN or family in _FAMILIES or media_type.startswith(_TAKEN_BEGINNINGS)
    if not taken or media_type in _REFUSED or not _MEDIA_TYPE.fullmatch(media_type):
        raise Refused("UNSUPPORTED_MEDIA_TYPE", field="content.content_type", expected="application/pdf, image/*, …")
    return media_type


def check_file_name(name: str) -> None:
    """Refuses names that would not be a plain file's everywhere.

    Raises:
        Refused: FILE_NAME_INVALID.
    """
    odd = any(letter in _FORBIDDEN or unicodedata.category(letter)[0] == "C" for letter in name)
    if odd or not name.strip(" .") or name != name.strip() or len(name.encode()) > MAX_NAME_BYTES:
        raise Refused("FILE_NAME_INVALID", field="file_name")
