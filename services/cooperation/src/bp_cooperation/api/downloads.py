"""What is downloaded: bundles as they came, files decrypted on their way out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from google.api import httpbody_pb2

from bp_cooperation.adapters.unit_of_work import Workshop
from bp_cooperation.api.sights import opening
from bp_cooperation.usecases.access import EXPORT
from bp_cooperation.usecases.sight import see_record
from bp_kit.errors import Refused

_STIX = "application/stix+json;version=2.1"
_PIECE_BYTES = 256 * 1024


async def bundle_bodies(workshop: Workshop, record: str, context: Any) -> AsyncIterator[httpbody_pb2.HttpBody]:
    """Yields the bundle of a request or a reply; noted as opened.

    Raises:
        Refused: NOT_FOUND, also where it has no bundle.
    """
    async with opening(workshop, record) as (work, caller):
        bundle = (await see_record(work, caller, record, act=EXPORT)).bundle.encode()
        if not bundle:
            raise Refused("NOT_FOUND", name=f"{record}:bundle")
    pieces = _pieces(bundle)
    async for body in file_bodies(pieces, context, _STIX, f"{record.rpartition('/')[2]}.json", len(bundle)):
        yield body


async def file_bodies(
    pieces: AsyncIterator[bytes], context: Any, media_type: str, name: str, size: int
) -> AsyncIterator[httpbody_pb2.HttpBody]:
    """Yields a file in pieces, its name and size before them. A refusal before the first piece stays a refusal."""
    piece = await anext(pieces, b"")
    # Metadata is ASCII.
    told = "".join(letter if letter.isascii() else "_" for letter in name)
    await context.send_initial_metadata((("file-name", told), ("content-length", str(size))))
    yield httpbody_pb2.HttpBody(content_type=media_type, data=piece)
    async for more in pieces:
        yield httpbody_pb2.HttpBody(content_type=media_type, data=more)


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), _PIECE_BYTES):
        yield content[start : start + _PIECE_BYTES]
