"""RequestService."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from google.api import httpbody_pb2
from google.protobuf.empty_pb2 import Empty

from bluepacific.cooperation.v1 import request_pb2
from bluepacific.cooperation.v1 import request_service_pb2 as pb
from bluepacific.cooperation.v1 import request_service_pb2_grpc as grpc_
from bp_cooperation.adapters.messages import handling_of, urgency_of
from bp_cooperation.adapters.unit_of_work import Workshop
from bp_cooperation.api.callers import current_caller, listing_of
from bp_cooperation.api.downloads import bundle_bodies
from bp_cooperation.api.sights import explained, opening, request_seen
from bp_cooperation.usecases import requests
from bp_cooperation.usecases.requests import RequestContent
from bp_kit.database import current_session
from bp_kit.masks import fields_to_change
from bp_kit.names import country_of

_MUTABLE = ("title", "text", "recipients", "urgency", "handling", "bundle")


class RequestServicer(grpc_.RequestServiceServicer):
    """Requests, as far as they concern the caller's units.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def CreateRequest(self, request: pb.CreateRequestRequest, context: Any) -> request_pb2.Request:
        """Writes a draft."""
        work = self._workshop.on(current_session())
        sight = await requests.create_request(
            work,
            await current_caller(work),
            country=country_of(request.parent),
            unit=request.request.unit,
            content=_content(request.request),
        )
        return request_seen(sight)

    async def GetRequest(self, request: pb.GetRequestRequest, context: Any) -> request_pb2.Request:
        """Gets a request and notes that it was opened."""
        async with opening(self._workshop, request.name) as (work, caller):
            sight = await requests.get_request(work, caller, request.name)
        return await explained(self._workshop, sight, request_seen(sight))

    async def ListRequests(self, request: pb.ListRequestsRequest, context: Any) -> pb.ListRequestsResponse:
        """Lists requests, newest first."""
        work = self._workshop.on(current_session())
        listed = await requests.list_requests(work, await listing_of(work, request))
        return pb.ListRequestsResponse(
            requests=[request_seen(sight, content=False) for sight in listed.items], next_page_token=listed.next_token
        )

    async def UpdateRequest(self, request: pb.UpdateRequestRequest, context: Any) -> request_pb2.Request:
        """Changes a draft."""
        work = self._workshop.on(current_session())
        sight = await requests.update_request(
            work,
            await current_caller(work),
            request.request.name,
            content=_content(request.request),
            fields=fields_to_change(request.update_mask, request.request, _MUTABLE),
            etag=request.request.etag,
        )
        return request_seen(sight)

    async def DeleteRequest(self, request: pb.DeleteRequestRequest, context: Any) -> Empty:
        """Deletes a draft."""
        work = self._workshop.on(current_session())
        await requests.delete_request(work, await current_caller(work), request.name, etag=request.etag)
        return Empty()

    async def SendRequest(self, request: pb.SendRequestRequest, context: Any) -> request_pb2.Request:
        """Sends a draft."""
        work = self._workshop.on(current_session())
        caller = await current_caller(work)
        return request_seen(await requests.send_request(work, caller, request.name, etag=request.etag))

    async def CloseRequest(self, request: pb.CloseRequestRequest, context: Any) -> request_pb2.Request:
        """Closes a request."""
        work = self._workshop.on(current_session())
        return request_seen(await requests.close_request(work, await current_caller(work), request.name))

    async def DownloadRequestBundle(
        self, request: pb.DownloadRequestBundleRequest, context: Any
    ) -> AsyncIterator[httpbody_pb2.HttpBody]:
        """Downloads a request's bundle."""
        async for body in bundle_bodies(self._workshop, request.name, context):
            yield body


def _content(request: request_pb2.Request) -> RequestContent:
    return RequestContent(
        title=request.title,
        text=request.text,
        recipients=tuple(request.recipients),
        urgency=urgency_of(request.urgency),
        handling=handling_of(request.handling, "request.handling") if request.HasField("handling") else None,
        bundle=request.bundle,
    )
