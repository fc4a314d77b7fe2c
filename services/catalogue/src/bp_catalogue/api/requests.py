"""AccessRequestService."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from bluepacific.catalogue.v1 import access_request_pb2
from bluepacific.catalogue.v1 import access_request_service_pb2 as pb
from bluepacific.catalogue.v1 import access_request_service_pb2_grpc as grpc_
from bp_catalogue.adapters.messages import purpose_of, request_message
from bp_catalogue.adapters.unit_of_work import Workshop
from bp_catalogue.usecases import requests
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.listing import listing_of
from bp_kit.names import country_of
from bp_kit.times import moment


class AccessRequestServicer(grpc_.AccessRequestServiceServicer):
    """Asking for access, and deciding on it.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def CreateAccessRequest(
        self, request: pb.CreateAccessRequestRequest, context: Any
    ) -> access_request_pb2.AccessRequest:
        """Asks for access."""
        asked = request.access_request
        made = await requests.ask_for_access(
            self._workshop.on(current_session()),
            current_call().principal,
            country=country_of(request.parent),
            ask=requests.Ask(asked.capability, asked.unit, asked.justification, purpose_of(asked.purpose)),
        )
        return request_message(made)

    async def GetAccessRequest(
        self, request: pb.GetAccessRequestRequest, context: Any
    ) -> access_request_pb2.AccessRequest:
        """Gets a request."""
        work = self._workshop.on(current_session())
        return request_message(await requests.get_request(work, current_call().principal, request.name))

    async def ListAccessRequests(
        self, request: pb.ListAccessRequestsRequest, context: Any
    ) -> pb.ListAccessRequestsResponse:
        """Lists requests, oldest first."""
        work = self._workshop.on(current_session())
        listed = await requests.list_requests(work, current_call().principal, listing_of(request))
        return pb.ListAccessRequestsResponse(
            access_requests=[request_message(one) for one in listed.items], next_page_token=listed.next_token
        )

    async def ApproveAccessRequest(
        self, request: pb.ApproveAccessRequestRequest, context: Any
    ) -> access_request_pb2.AccessRequest:
        """Approves a request."""
        approved = await requests.approve_request(
            self._workshop.on(current_session()),
            current_call().principal,
            request.name,
            begin=_given(request, "begin_time"),
            end=_given(request, "end_time"),
            note=request.note,
            etag=request.etag,
        )
        return request_message(approved)

    async def RefuseAccessRequest(
        self, request: pb.RefuseAccessRequestRequest, context: Any
    ) -> access_request_pb2.AccessRequest:
        """Refuses a request."""
        refused = await requests.refuse_request(
            self._workshop.on(current_session()),
            current_call().principal,
            request.name,
            note=request.note,
            etag=request.etag,
        )
        return request_message(refused)

    async def WithdrawAccessRequest(
        self, request: pb.WithdrawAccessRequestRequest, context: Any
    ) -> access_request_pb2.AccessRequest:
        """Takes a request back."""
        withdrawn = await requests.withdraw_request(
            self._workshop.on(current_session()), current_call().principal, request.name, etag=request.etag
        )
        return request_message(withdrawn)


def _given(request: pb.ApproveAccessRequestRequest, field: str) -> datetime | None:
    stamp: Timestamp = getattr(request, field)
    return moment(stamp, field) if request.HasField(field) else None  # type: ignore[arg-type]
