"""AttachmentService."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

from google.api import httpbody_pb2
from google.protobuf.empty_pb2 import Empty

from bluepacific.cooperation.v1 import attachment_pb2
from bluepacific.cooperation.v1 import attachment_service_pb2 as pb
from bluepacific.cooperation.v1 import attachment_service_pb2_grpc as grpc_
from bp_cooperation.adapters.file_messages import attachment_message
from bp_cooperation.adapters.sealed_files import SealedFiles
from bp_cooperation.adapters.unit_of_work import Workshop
from bp_cooperation.api.callers import current_caller, listing_of
from bp_cooperation.api.downloads import file_bodies
from bp_cooperation.api.sights import opening
from bp_cooperation.domain.attachment import Attachment
from bp_cooperation.domain.names import request_of
from bp_cooperation.usecases import attachments
from bp_cooperation.usecases.access import EXPORT
from bp_cooperation.usecases.work import Intake
from bp_kit.database import current_session
from bp_kit.errors import Refused


class AttachmentServicer(grpc_.AttachmentServiceServicer):
    """Files of requests and replies, as far as these concern the caller's units.

    Args:
        workshop: Makes the parts of a transaction.
        files: Where files' bytes are.
    """

    def __init__(self, workshop: Workshop, files: SealedFiles) -> None:
        self._workshop = workshop
        self._files = files
        self._intake = Intake(transactions=workshop.transaction, files=files)

    async def UploadAttachment(
        self, requests: AsyncIterable[pb.UploadAttachmentRequest], context: Any
    ) -> attachment_pb2.Attachment:
        """Takes in a file."""
        stream = aiter(requests)
        first = await anext(stream, pb.UploadAttachmentRequest())
        async with self._workshop.reading() as work:
            caller = await current_caller(work)
        attachment = await attachments.receive_attachment(
            self._intake,
            caller,
            _record(first),
            file_name=first.file_name,
            media_type=first.content.content_type,
            chunks=_chunks(first, stream),
        )
        return await self._message(attachment)

    async def GetAttachment(self, request: pb.GetAttachmentRequest, context: Any) -> attachment_pb2.Attachment:
        """Gets what is known of a file."""
        work = self._workshop.on(current_session())
        return await self._message(await attachments.get_attachment(work, await current_caller(work), request.name))

    async def ListAttachments(self, request: pb.ListAttachmentsRequest, context: Any) -> pb.ListAttachmentsResponse:
        """Lists the files of a request and its replies, oldest first."""
        work = self._workshop.on(current_session())
        listed = await attachments.list_attachments(work, await listing_of(work, request))
        return pb.ListAttachmentsResponse(
            attachments=[await self._message(one) for one in listed.items], next_page_token=listed.next_token
        )

    async def DownloadAttachment(
        self, request: pb.DownloadAttachmentRequest, context: Any
    ) -> AsyncIterator[httpbody_pb2.HttpBody]:
        """Downloads a file."""
        async with self._workshop.reading() as work:
            caller = await current_caller(work)
            record = (await attachments.get_attachment(work, caller, request.name, act=EXPORT)).record
        async with opening(self._workshop, record) as (work, caller):
            attachment = await attachments.get_attachment(work, caller, request.name)
            if not await self._files.has(attachment.content):
                raise Refused("BLOB_NOT_HERE")
        content = attachment.content
        pieces = self._files.open(content)
        bodies = file_bodies(pieces, context, attachment.media_type, attachment.file_name, content.size_bytes)
        async for body in bodies:
            yield body

    async def DeleteAttachment(self, request: pb.DeleteAttachmentRequest, context: Any) -> Empty:
        """Takes a file off a draft."""
        work = self._workshop.on(current_session())
        await attachments.delete_attachment(work, await current_caller(work), request.name)
        return Empty()

    async def _message(self, attachment: Attachment) -> attachment_pb2.Attachment:
        return attachment_message(attachment, available=await self._files.has(attachment.content))


def _record(first: pb.UploadAttachmentRequest) -> str:
    """Returns the draft that an upload is for.

    Raises:
        Refused: INVALID_FIELD.
    """
    if not first.parent:
        raise Refused("INVALID_FIELD", field="parent", description="is missing in the first message")
    if first.reply and request_of(first.reply) != first.parent:
        raise Refused("INVALID_FIELD", field="reply", description="is not a reply to the request in parent")
    return first.reply or first.parent


async def _chunks(
    first: pb.UploadAttachmentRequest, rest: AsyncIterable[pb.UploadAttachmentRequest]
) -> AsyncIterator[bytes]:
    yield first.content.data
    async for request in rest:
        yield request.content.data
