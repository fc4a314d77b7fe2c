"""Writing, sending and following requests and replies, as every chapter needs it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator

from google.api import httpbody_pb2

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import attachment_pb2, attachment_service_pb2, request_pb2, request_service_pb2
from bluepacific.exchange.v1 import topic_service_pb2
from bp_client import AsyncBluePacific
from bp_node.scenario import materials

APIA = "countries/WSM/units/ptccc"
SUVA = "countries/FJI/units/ncb"
NUKUALOFA = "countries/TON/units/ncb"
INVESTIGATION = "INVESTIGATION"
_LADDER = topic_service_pb2.DeliveryState


def draft(title: str, recipients: list[str], *, text: str, bundle: bytes = b"") -> request_pb2.Request:
    """Returns an urgent request under TLP:AMBER for an investigation."""
    return request_pb2.Request(
        title=title,
        text=text,
        recipients=recipients,
        urgency=handling_pb2.URGENCY_URGENT,
        handling=handling_pb2.Handling(tlp=handling_pb2.TLP_AMBER, purpose=handling_pb2.PURPOSE_INVESTIGATION),
        bundle=bundle.decode(),
    )


async def attach(client: AsyncBluePacific, request: str, file_name: str, content: bytes) -> attachment_pb2.Attachment:
    """Uploads a file to a draft, in pieces."""

    def messages() -> Iterator[attachment_service_pb2.UploadAttachmentRequest]:
        for number, piece in enumerate(materials.pieces(content)):
            body = httpbody_pb2.HttpBody(content_type="" if number else "image/tiff", data=piece)
            names = {} if number else {"parent": request, "file_name": file_name}
            yield attachment_service_pb2.UploadAttachmentRequest(content=body, **names)

    return await client.cooperation.attachments.UploadAttachment(messages())


async def download(client: AsyncBluePacific, attachment: str) -> str:
    """Downloads a file and returns its SHA-256."""
    digest = hashlib.sha256()
    asked = attachment_service_pb2.DownloadAttachmentRequest(name=attachment)
    async for piece in client.cooperation.attachments.DownloadAttachment(asked):
        digest.update(piece.data)
    return digest.hexdigest()


async def read(client: AsyncBluePacific, name: str) -> request_pb2.Request:
    """Gets a request, which opens it where its reader was asked."""
    return await client.cooperation.requests.GetRequest(request_service_pb2.GetRequestRequest(name=name))


async def find(client: AsyncBluePacific, words: str) -> list[request_pb2.Request]:
    """Returns all requests with these words in the title that the reader sees, page by page."""
    asked = request_service_pb2.ListRequestsRequest(parent="countries/-", filter=f'title:"{words}"', page_size=10)
    found: list[request_pb2.Request] = []
    while True:
        page = await client.cooperation.requests.ListRequests(asked)
        found += page.requests
        if not page.next_page_token:
            return found
        asked.page_token = page.next_page_token


def states(request: request_pb2.Request) -> dict[str, str]:
    """Returns how far a request got with each recipient: `{"TON/ncb": "opened"}`."""
    return {short(status.unit): state_name(status.state) for status in request.statuses}


def ladder(request: request_pb2.Request, unit: str) -> list[str]:
    """Returns the rungs a request has climbed with a recipient, lowest first."""
    found = [rung.state for status in request.statuses if status.unit == unit for rung in status.rungs]
    return [state_name(state) for state in sorted(found)]


def reached(request: request_pb2.Request, state: topic_service_pb2.DeliveryState.ValueType) -> bool:
    """Tells whether every recipient is at least on that rung."""
    return all(status.state >= state for status in request.statuses)


def state_name(state: topic_service_pb2.DeliveryState.ValueType) -> str:
    """Returns `delivered`."""
    return _LADDER.Name(state).removeprefix("DELIVERY_STATE_").lower()


def short(unit: str) -> str:
    """Returns `TON/ncb`."""
    _, country, _, name = unit.split("/")
    return f"{country}/{name}"


def new_key() -> str:
    """Returns a request id, which makes a repeat harmless."""
    return str(uuid.uuid4())
