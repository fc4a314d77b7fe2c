"""AccessReviewService."""

from __future__ import annotations

from typing import Any

from bluepacific.identity.v1 import access_review_pb2, role_pb2
from bluepacific.identity.v1 import access_review_service_pb2 as pb
from bluepacific.identity.v1 import access_review_service_pb2_grpc as grpc_
from bp_identity.adapters.access_reviews import SqlAccessReviews
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.domain.access_review import AccessReview
from bp_identity.usecases import access_reviews
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.listing import listing_of
from bp_kit.times import timestamp


class AccessReviewServicer(grpc_.AccessReviewServiceServicer):
    """The quarterly review of roles.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def ListAccessReviews(
        self, request: pb.ListAccessReviewsRequest, context: Any
    ) -> pb.ListAccessReviewsResponse:
        """Lists reviews, oldest first."""
        listed = await self._kept().page(listing_of(request))
        return pb.ListAccessReviewsResponse(
            access_reviews=[_message(review) for review in listed.items], next_page_token=listed.next_token
        )

    async def ConfirmAccessReview(
        self, request: pb.ConfirmAccessReviewRequest, context: Any
    ) -> access_review_pb2.AccessReview:
        """Lets a role stay."""
        work, principal = self._workshop.on(current_session()), current_call().principal
        return _message(await access_reviews.confirm_access(work, self._kept(), principal, request.name))

    async def RemoveAccessReview(
        self, request: pb.RemoveAccessReviewRequest, context: Any
    ) -> access_review_pb2.AccessReview:
        """Ends a role."""
        work, principal = self._workshop.on(current_session()), current_call().principal
        return _message(await access_reviews.remove_access(work, self._kept(), principal, request.name))

    def _kept(self) -> SqlAccessReviews:
        return SqlAccessReviews(current_session(), self._workshop.seams.sealer)


def _message(review: AccessReview) -> access_review_pb2.AccessReview:
    return access_review_pb2.AccessReview(
        name=review.name,
        grant=review.grant,
        officer=review.officer,
        role=role_pb2.Role.Value(f"ROLE_{review.role}"),
        unit=review.unit,
        state=access_review_pb2.AccessReviewState.Value(f"ACCESS_REVIEW_STATE_{review.state}"),
        reviewer=review.reviewer,
        create_time=timestamp(review.create_time),
        due_time=timestamp(review.due_time),
    )
