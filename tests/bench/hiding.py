"""Whether the time of an answer tells a record that is hidden from the caller from none: two calls in turn, all their times compared."""

from __future__ import annotations

import random
import time
import uuid
from typing import Any

import grpc

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import operation_pb2, operation_service_pb2, request_pb2
from bluepacific.cooperation.v1 import request_service_pb2 as pb
from bluepacific.cooperation.v1.operation_service_pb2_grpc import OperationServiceStub
from bluepacific.cooperation.v1.request_service_pb2_grpc import RequestServiceStub
from bp_cooperation.app import build
from bp_cooperation.settings import CooperationSettings
from bp_kit.testing.harness import Harness

_WARM = 50
_RED = handling_pb2.Handling(tlp=handling_pb2.TLP_RED, purpose=handling_pb2.PURPOSE_INVESTIGATION)


async def told_apart(calls: int, *, by_operation: bool = False) -> float:
    """Returns the Kolmogorov-Smirnov distance between the times of asking for hidden records and for none, from 0 to 1.

    Args:
        calls: Of each kind.
        by_operation: It is hidden from a colleague who takes no part in its operation; else from an analyst by its label.
    """
    async with Harness("sqlite", "inprocess").run(build, CooperationSettings, workers=False) as under_test:
        requests = RequestServiceStub(under_test.channel)
        author = under_test.token("countries/FJI/officers/ana", ["officer@ncb"])
        handling = await _operations(under_test.channel, author) if by_operation else _RED
        draft = pb.CreateRequestRequest(
            parent="countries/FJI", request=request_pb2.Request(title="x", handling=handling)
        )
        hidden = (await requests.CreateRequest(draft, metadata=author)).name
        role = "officer@ncb" if by_operation else "analyst@ncb"
        stranger = under_test.token("countries/FJI/officers/sione", [role], purpose="INVESTIGATION")
        times: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(_WARM + calls):
            for is_hidden in random.sample((True, False), 2):
                name = hidden if is_hidden else f"countries/FJI/requests/{uuid.uuid4()}"
                times[is_hidden].append(await _timed(requests, name, stranger))
    return distance(times[True][_WARM:], times[False][_WARM:])


async def _operations(channel: Any, author: tuple[tuple[str, str], ...]) -> handling_pb2.Handling:
    """Returns the handling of what belongs to a new operation of the author's."""
    request = operation_service_pb2.CreateOperationRequest(
        parent="countries/FJI", operation=operation_pb2.Operation(display_name="x")
    )
    made = await OperationServiceStub(channel).CreateOperation(request, metadata=author)
    return handling_pb2.Handling(
        tlp=handling_pb2.TLP_AMBER, purpose=handling_pb2.PURPOSE_INVESTIGATION, operation=made.name
    )


def critical(calls: int) -> float:
    """Returns the distance that two samples of the same kind exceed once in a hundred times."""
    return 1.628 * float((2 / calls) ** 0.5)


def distance(some: list[float], others: list[float]) -> float:
    """Returns the largest gap between two samples' distributions."""
    marks = sorted([(value, 1 / len(some)) for value in some] + [(value, -1 / len(others)) for value in others])
    gap = widest = 0.0
    for _, step in marks:
        gap += step
        widest = max(widest, abs(gap))
    return widest


async def _timed(requests: RequestServiceStub, name: str, stranger: tuple[tuple[str, str], ...]) -> float:
    begun = time.perf_counter()
    try:
        await requests.GetRequest(pb.GetRequestRequest(name=name), metadata=stranger)
    except grpc.RpcError as error:
        assert error.code() is grpc.StatusCode.NOT_FOUND
    return time.perf_counter() - begun
