"""ReplyService."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from google.api import httpbody_pb2
from google.protobuf.empty_pb2 import Empty

from bluepacific.cooperation.v1 import reply_pb2
from bluepacific.cooperation.v1 import reply_service_pb2 as pb
from bluepacific.cooperation.v1 import reply_service_pb2_grpc as grpc_
from bp_cooperation.adapters.messages import handling_of
from bp_cooperation.adapters.unit_of_work import Workshop
from bp_cooperation.api.callers import current_caller, listing_of
from bp_cooperation.api.downloads import bundle_bodies
from bp_cooperation.api.sights import explained, opening, reply_seen
from bp_cooperation.usecases import replies
from bp_cooperation.usecases.replies import ReplyContent
from bp_kit.database import current_session


class ReplyServicer(grpc_.ReplyServiceServicer):
    """Replies, as far as they concern the caller's units.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def CreateReply(self, request: pb.CreateReplyRequest, context: Any) -> reply_pb2.Reply:
        """Writes a draft."""
        work = self._workshop.on(current_session())
        sight = await replies.create_reply(
            work,
            await current_caller(work),
            request.parent,
            unit=request.reply.unit,
            content=_content(request.reply),
        )
        return reply_seen(sight)

    async def GetReply(self, request: pb.GetReplyRequest, context: Any) -> reply_pb2.Reply:
        """Gets a reply and notes that it was opened."""
        async with opening(self._workshop, request.name) as (work, caller):
            sight = await replies.get_reply(work, caller, request.name)
        return await explained(self._workshop, sight, reply_seen(sight))

    async def ListReplies(self, request: pb.ListRepliesRequest, context: Any) -> pb.ListRepliesResponse:
        """Lists a request's replies, oldest first."""
        work = self._workshop.on(current_session())
        listed = await replies.list_replies(work, await listing_of(work, request))
        return pb.ListRepliesResponse(
            replies=[reply_seen(sight, content=False) for sight in listed.items], next_page_token=listed.next_token
        )

    async def DeleteReply(self, request: pb.DeleteReplyRequest, context: Any) -> Empty:
        """Deletes a draft."""
        work = self._workshop.on(current_session())
        await replies.delete_reply(work, await current_caller(work), request.name)
        return Empty()

    async def SendReply(self, request: pb.SendReplyRequest, context: Any) -> reply_pb2.Reply:
        """Sends a draft."""
        work = self._workshop.on(current_session())
        return reply_seen(await replies.send_reply(work, await current_caller(work), request.name))

    async def DownloadReplyBundle(
        self, request: pb.DownloadReplyBundleRequest, context: Any
    ) -> AsyncIterator[httpbody_pb2.HttpBody]:
        """Downloads a reply's bundle."""
        async for body in bundle_bodies(self._workshop, request.name, context):
            yield body


def _content(reply: reply_pb2.Reply) -> ReplyContent:
    return ReplyContent(
        text=reply.text,
        to_requester_only=reply.to_requester_only,
        handling=handling_of(reply.handling, "reply.handling") if reply.HasField("handling") else None,
        bundle=reply.bundle,
    )
