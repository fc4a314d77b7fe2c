"""OperationService."""

from __future__ import annotations

from typing import Any

from google.protobuf.empty_pb2 import Empty

from bluepacific.cooperation.v1 import operation_pb2
from bluepacific.cooperation.v1 import operation_service_pb2 as pb
from bluepacific.cooperation.v1 import operation_service_pb2_grpc as grpc_
from bp_cooperation.adapters.operation_messages import member_message, operation_message
from bp_cooperation.adapters.unit_of_work import Workshop
from bp_cooperation.api.callers import current_caller, listing_of
from bp_cooperation.usecases import operations
from bp_cooperation.usecases.operations import OperationContent
from bp_cooperation.usecases.work import Work
from bp_kit.database import current_session
from bp_kit.masks import fields_to_change
from bp_kit.names import country_of
from bp_kit.times import moment

_MUTABLE = ("display_name", "end_time")


class OperationServicer(grpc_.OperationServiceServicer):
    """Joint operations, for those who take part in them.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def CreateOperation(self, request: pb.CreateOperationRequest, context: Any) -> operation_pb2.Operation:
        """Makes an operation."""
        work = self._work()
        made = await operations.create_operation(
            work,
            await current_caller(work),
            country=country_of(request.parent),
            unit=request.operation.unit,
            content=_content(request.operation),
        )
        return operation_message(made)

    async def GetOperation(self, request: pb.GetOperationRequest, context: Any) -> operation_pb2.Operation:
        """Gets an operation."""
        work = self._work()
        return operation_message(await operations.see_operation(work, await current_caller(work), request.name))

    async def ListOperations(self, request: pb.ListOperationsRequest, context: Any) -> pb.ListOperationsResponse:
        """Lists operations, newest first."""
        work = self._work()
        listed = await operations.list_operations(work, await listing_of(work, request))
        found = [operation_message(one) for one in listed.items]
        return pb.ListOperationsResponse(operations=found, next_page_token=listed.next_token)

    async def UpdateOperation(self, request: pb.UpdateOperationRequest, context: Any) -> operation_pb2.Operation:
        """Changes an operation."""
        work = self._work()
        changed = await operations.update_operation(
            work,
            await current_caller(work),
            request.operation.name,
            content=_content(request.operation),
            fields=fields_to_change(request.update_mask, request.operation, _MUTABLE),
            etag=request.operation.etag,
        )
        return operation_message(changed)

    async def CreateMember(self, request: pb.CreateMemberRequest, context: Any) -> operation_pb2.Member:
        """Lets somebody take part."""
        work, member = self._work(), request.member
        made = await operations.create_member(
            work,
            await current_caller(work),
            request.parent,
            officer=member.officer,
            end_time=moment(member.end_time, "member.end_time") if member.HasField("end_time") else None,
        )
        return member_message(made)

    async def ListMembers(self, request: pb.ListMembersRequest, context: Any) -> pb.ListMembersResponse:
        """Lists who takes part, oldest first."""
        work = self._work()
        listed = await operations.list_members(work, await listing_of(work, request))
        found = [member_message(one) for one in listed.items]
        return pb.ListMembersResponse(members=found, next_page_token=listed.next_token)

    async def DeleteMember(self, request: pb.DeleteMemberRequest, context: Any) -> Empty:
        """Ends somebody's part."""
        work = self._work()
        await operations.delete_member(work, await current_caller(work), request.name)
        return Empty()

    def _work(self) -> Work:
        return self._workshop.on(current_session())


def _content(operation: operation_pb2.Operation) -> OperationContent:
    ends = operation.HasField("end_time")
    return OperationContent(
        display_name=operation.display_name,
        end_time=moment(operation.end_time, "operation.end_time") if ends else None,
    )
