"""DirectiveService."""

from __future__ import annotations

from typing import Any

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import directive_pb2, reply_pb2, request_pb2
from bluepacific.cooperation.v1 import directive_service_pb2 as pb
from bluepacific.cooperation.v1 import directive_service_pb2_grpc as grpc_
from bp_cooperation.adapters.directive_messages import (
    directive_message,
    ground_of,
    outstanding_message,
    revision_message,
)
from bp_cooperation.adapters.messages import handling_of
from bp_cooperation.adapters.unit_of_work import Workshop
from bp_cooperation.api.callers import current_caller, listing_of
from bp_cooperation.api.sights import reply_seen, request_seen
from bp_cooperation.usecases import directives
from bp_cooperation.usecases.directives import Told, Wording
from bp_cooperation.usecases.sight import Sight
from bp_cooperation.usecases.work import Work
from bp_kit.database import current_session


class DirectiveServicer(grpc_.DirectiveServiceServicer):
    """What units still do about what they have sent.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def RecallRequest(self, request: pb.RecallRequestRequest, context: Any) -> directive_pb2.Directive:
        """Takes a request back."""
        return await self._recall(request)

    async def RecallReply(self, request: pb.RecallReplyRequest, context: Any) -> directive_pb2.Directive:
        """Takes a reply back."""
        return await self._recall(request)

    async def CorrectRequest(self, request: pb.CorrectRequestRequest, context: Any) -> request_pb2.Request:
        """Puts a request right."""
        return request_seen(await self._correct(request, Wording(request.text, request.bundle, request.title)))

    async def CorrectReply(self, request: pb.CorrectReplyRequest, context: Any) -> reply_pb2.Reply:
        """Puts a reply right."""
        return reply_seen(await self._correct(request, Wording(request.text, request.bundle)))

    async def ChangeRequestHandling(
        self, request: pb.ChangeRequestHandlingRequest, context: Any
    ) -> directive_pb2.Directive:
        """Changes the conditions on a request."""
        return await self._change_handling(request)

    async def ChangeReplyHandling(
        self, request: pb.ChangeReplyHandlingRequest, context: Any
    ) -> directive_pb2.Directive:
        """Changes the conditions on a reply."""
        return await self._change_handling(request)

    async def ListDirectives(self, request: pb.ListDirectivesRequest, context: Any) -> pb.ListDirectivesResponse:
        """Lists what was told about a request and its replies, oldest first."""
        work = self._work()
        listed = await directives.list_directives(work, await listing_of(work, request))
        return pb.ListDirectivesResponse(
            directives=[_told(one) for one in listed.items], next_page_token=listed.next_token
        )

    async def ListOutstandingAnswers(
        self, request: pb.ListOutstandingAnswersRequest, context: Any
    ) -> pb.ListOutstandingAnswersResponse:
        """Lists who has not answered, the longest awaited first."""
        work = self._work()
        listed = await directives.list_outstanding(work, await listing_of(work, request))
        now = self._workshop.seams.clock()
        found = [
            outstanding_message(directive, answer, overdue=directive.due_time <= now)
            for directive, answer in listed.items
        ]
        return pb.ListOutstandingAnswersResponse(outstanding_answers=found, next_page_token=listed.next_token)

    async def ListRevisions(self, request: pb.ListRevisionsRequest, context: Any) -> pb.ListRevisionsResponse:
        """Lists the wordings of a request and its replies, oldest first."""
        work = self._work()
        listed = await directives.list_revisions(work, await listing_of(work, request))
        found = [revision_message(revision, superseded=superseded) for revision, superseded in listed.items]
        return pb.ListRevisionsResponse(revisions=found, next_page_token=listed.next_token)

    async def _recall(self, request: pb.RecallRequestRequest | pb.RecallReplyRequest) -> directive_pb2.Directive:
        work = self._work()
        caller = await current_caller(work)
        told = await directives.recall(work, caller, request.name, ground=ground_of(request.ground))
        return _told(told)

    async def _correct(self, request: pb.CorrectRequestRequest | pb.CorrectReplyRequest, wording: Wording) -> Sight:
        work = self._work()
        caller = await current_caller(work)
        return await directives.correct(work, caller, request.name, ground=ground_of(request.ground), wording=wording)

    async def _change_handling(
        self, request: pb.ChangeRequestHandlingRequest | pb.ChangeReplyHandlingRequest
    ) -> directive_pb2.Directive:
        handling: handling_pb2.Handling = request.handling
        work = self._work()
        told = await directives.change_handling(
            work,
            await current_caller(work),
            request.name,
            ground=ground_of(request.ground),
            handling=handling_of(handling, "handling"),
            downgrade=request.downgrade,
        )
        return _told(told)

    def _work(self) -> Work:
        return self._workshop.on(current_session())


def _told(told: Told) -> directive_pb2.Directive:
    return directive_message(told.directive, told.answers)
