"""Domain to proto and back, for what crosses a border as well as for what the API shows."""

from __future__ import annotations

from typing import Any

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import entity_pb2, recipient_status_pb2, reply_pb2, request_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_cooperation.domain.entity import Entity
from bp_cooperation.domain.handling import Handling
from bp_cooperation.domain.ladder import Ladder, Rung
from bp_cooperation.domain.reply import Reply
from bp_cooperation.domain.request import Request
from bp_kit.errors import Refused
from bp_kit.etags import etag_of
from bp_kit.times import moment, timestamp

_TLP, _PURPOSE, _URGENCY = "TLP_", "PURPOSE_", "URGENCY_"
_REQUEST_STATE, _REPLY_STATE, _RUNG = "REQUEST_STATE_", "REPLY_STATE_", "DELIVERY_STATE_"
_ROUTINE = "ROUTINE"


def handling_message(handling: Handling) -> handling_pb2.Handling:
    """Returns the handling's message."""
    return handling_pb2.Handling(
        tlp=handling_pb2.Tlp.Value(_TLP + handling.tlp),
        purpose=handling_pb2.Purpose.Value(_PURPOSE + handling.purpose),
        releasable_to=handling.releasable_to,
        retention_time=timestamp(handling.retention_time),
        codes=handling.codes,
        exercise=handling.exercise,
        operation=handling.operation,
    )


def handling_of(message: handling_pb2.Handling, field: str) -> Handling:
    """Returns a message's handling.

    Raises:
        Refused: INVALID_FIELD.
    """
    stamp = message.retention_time
    if not message.tlp or not message.purpose:
        raise Refused("INVALID_FIELD", field=field, description="has no label or no purpose")
    return Handling(
        tlp=handling_pb2.Tlp.Name(message.tlp).removeprefix(_TLP),
        purpose=handling_pb2.Purpose.Name(message.purpose).removeprefix(_PURPOSE),
        releasable_to=tuple(sorted(message.releasable_to)),
        retention_time=moment(stamp, f"{field}.retention_time") if message.HasField("retention_time") else None,
        codes=tuple(sorted(message.codes)),
        exercise=message.exercise,
        operation=message.operation,
    )


def urgency_of(number: handling_pb2.Urgency.ValueType) -> str:
    """Returns an urgency's name; ROUTINE where none is set."""
    return handling_pb2.Urgency.Name(number).removeprefix(_URGENCY) if number else _ROUTINE


def urgency_number(urgency: str) -> handling_pb2.Urgency.ValueType:
    """Returns an urgency as protos carry it."""
    return handling_pb2.Urgency.Value(_URGENCY + urgency)


def request_message(request: Request, *, content: bool = True) -> request_pb2.Request:
    """Returns the request's message, with text and bundle or without."""
    return request_pb2.Request(
        name=request.name,
        unit=request.unit,
        officer=request.officer,
        title=request.title,
        text=request.text if content else "",
        recipients=request.recipients,
        urgency=urgency_number(request.urgency),
        handling=handling_message(request.handling),
        bundle=request.bundle if content else "",
        state=request_pb2.RequestState.Value(_REQUEST_STATE + request.state),
        etag=etag_of(request.name, request.version),
        create_time=timestamp(request.create_time),
        update_time=timestamp(request.update_time),
        send_time=timestamp(request.send_time),
        close_time=timestamp(request.close_time),
        revision=request.revision,
        shared_with=request.shared_with,
    )


def received_request(message: request_pb2.Request) -> Request:
    """Returns another node's request as it was sent.

    Raises:
        Refused: INVALID_FIELD.
    """
    return Request(
        name=message.name,
        unit=message.unit,
        officer=message.officer,
        title=message.title,
        text=message.text,
        recipients=tuple(message.recipients),
        urgency=urgency_of(message.urgency),
        handling=handling_of(message.handling, "request.handling"),
        bundle=message.bundle,
        state=_state(request_pb2.RequestState, message.state, _REQUEST_STATE),
        version=1,
        create_time=moment(message.create_time, "request.create_time"),
        update_time=moment(message.update_time, "request.update_time"),
        list_time=moment(message.send_time, "request.send_time"),
        send_time=moment(message.send_time, "request.send_time"),
        close_time=moment(message.close_time, "request.close_time") if message.HasField("close_time") else None,
        revision=_revision(message.revision),
        shared_with=tuple(message.shared_with),
    )


def reply_message(reply: Reply, *, content: bool = True) -> reply_pb2.Reply:
    """Returns the reply's message, with text and bundle or without."""
    return reply_pb2.Reply(
        name=reply.name,
        unit=reply.unit,
        officer=reply.officer,
        text=reply.text if content else "",
        to_requester_only=reply.to_requester_only,
        recipients=reply.recipients,
        handling=handling_message(reply.handling),
        bundle=reply.bundle if content else "",
        state=reply_pb2.ReplyState.Value(_REPLY_STATE + reply.state),
        create_time=timestamp(reply.create_time),
        send_time=timestamp(reply.send_time),
        revision=reply.revision,
    )


def received_reply(message: reply_pb2.Reply) -> Reply:
    """Returns another node's reply as it was sent.

    Raises:
        Refused: INVALID_FIELD.
    """
    return Reply(
        name=message.name,
        unit=message.unit,
        officer=message.officer,
        text=message.text,
        to_requester_only=message.to_requester_only,
        recipients=tuple(message.recipients),
        handling=handling_of(message.handling, "reply.handling"),
        bundle=message.bundle,
        state=_state(reply_pb2.ReplyState, message.state, _REPLY_STATE),
        create_time=moment(message.create_time, "reply.create_time"),
        list_time=moment(message.send_time, "reply.send_time"),
        send_time=moment(message.send_time, "reply.send_time"),
        revision=_revision(message.revision),
    )


def status_message(ladder: Ladder) -> recipient_status_pb2.RecipientStatus:
    """Returns how far something got with a recipient."""
    return recipient_status_pb2.RecipientStatus(
        unit=ladder.unit,
        state=_rung_number(ladder.state),
        rungs=[
            recipient_status_pb2.Rung(state=_rung_number(rung.state), state_time=timestamp(rung.time))
            for rung in ladder.rungs
        ],
        ground=ladder.ground,
    )


def rung_of(receipt: topics_pb2.Receipt) -> Rung:
    """Returns what a receipt tells.

    Raises:
        Refused: INVALID_FIELD.
    """
    return Rung(
        unit=receipt.recipient,
        state=_state(topics_pb2.DeliveryState, receipt.state, _RUNG),
        time=moment(receipt.state_time, "state_time"),
        ground=receipt.ground[:100],
    )


def entity_message(entity: Entity, *, content: bool = True) -> entity_pb2.Entity:
    """Returns the entity's message, with its JSON text or without."""
    return entity_pb2.Entity(
        name=entity.name,
        source=entity.source,
        unit=entity.unit,
        type=entity.type,
        stix_id=entity.stix_id,
        display_name=entity.display_name,
        stix=entity.stix if content else "",
        handling=handling_message(entity.handling),
        send_time=timestamp(entity.send_time),
    )


def _revision(number: int) -> int:
    """Returns a revision's number; an earlier release sends none.

    Raises:
        Refused: INVALID_FIELD.
    """
    if number < 0:
        raise Refused("INVALID_FIELD", field="revision", description="is below 0")
    return number or 1


def _state(kind: Any, number: int, prefix: str) -> str:
    """Returns a state's name; a later release may send one that this does not know."""
    if number not in kind.values():
        raise Refused("INVALID_FIELD", field="state", description="is not a state known here")
    return str(kind.Name(number)).removeprefix(prefix)


def _rung_number(state: str) -> topics_pb2.DeliveryState.ValueType:
    return topics_pb2.DeliveryState.Value(_RUNG + state)
