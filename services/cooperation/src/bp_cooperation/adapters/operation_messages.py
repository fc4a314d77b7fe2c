"""Operations and their members, to proto and back."""

from __future__ import annotations

from collections.abc import Iterable

from bluepacific.cooperation.v1 import events_pb2
from bluepacific.cooperation.v1 import operation_pb2 as pb
from bp_cooperation.adapters.directive_messages import require_sendable
from bp_cooperation.domain.operation import Member, Operation, operation_etag
from bp_kit.times import moment, timestamp


def operation_message(operation: Operation) -> pb.Operation:
    """Returns the operation's message."""
    return pb.Operation(
        name=operation.name,
        unit=operation.unit,
        display_name=operation.display_name,
        end_time=timestamp(operation.end_time),
        etag=operation_etag(operation),
        create_time=timestamp(operation.create_time),
        update_time=timestamp(operation.update_time),
    )


def member_message(member: Member) -> pb.Member:
    """Returns the member's message."""
    return pb.Member(
        name=member.name,
        officer=member.officer,
        end_time=timestamp(member.end_time),
        create_time=timestamp(member.create_time),
    )


def changed_message(operation: Operation, members: Iterable[Member]) -> events_pb2.OperationChanged:
    """Returns what another country's node is told."""
    told = operation_message(operation)
    told.ClearField("etag")
    of_country = [member_message(member) for member in members]
    return events_pb2.OperationChanged(operation=told, members=of_country, version=operation.version)


def received_operation(message: events_pb2.OperationChanged) -> tuple[Operation, list[Member]]:
    """Returns another node's operation, and who of the countries here takes part.

    Raises:
        Refused: INVALID_FIELD.
    """
    told = message.operation
    require_sendable(told.name, "operation.name")
    require_sendable(told.unit, "operation.unit")
    require_sendable(told.display_name, "display_name")
    operation = Operation(
        name=told.name,
        unit=told.unit,
        display_name=told.display_name,
        end_time=moment(told.end_time, "operation.end_time") if told.HasField("end_time") else None,
        version=message.version,
        create_time=moment(told.create_time, "operation.create_time"),
        update_time=moment(told.update_time, "operation.update_time"),
    )
    return operation, [_received_member(one) for one in message.members]


def _received_member(message: pb.Member) -> Member:
    return Member(
        name=message.name,
        officer=message.officer,
        end_time=moment(message.end_time, "member.end_time") if message.HasField("end_time") else None,
        create_time=moment(message.create_time, "member.create_time"),
    )
