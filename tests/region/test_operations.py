"""A joint operation over two real nodes: who takes part abroad sees what belongs to it, and no more once they are taken out."""

from __future__ import annotations

import time

import pytest
from region_under_test import bluepacific

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import operation_pb2, operation_service_pb2, request_pb2, request_service_pb2
from bluepacific.exchange.v1 import topic_service_pb2
from bp_client import Problem

pytestmark = pytest.mark.timeout(300)
MELE = "countries/TON/officers/mele"
_ARRIVED = (topic_service_pb2.DELIVERY_STATE_DELIVERED, topic_service_pb2.DELIVERY_STATE_OPENED)


def until(happened):
    deadline = time.monotonic() + 120
    while not (found := happened()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return found


def seen(person, name):
    """Returns a request as somebody sees it; None where there is none for them."""
    asking = person.asking(purpose="INVESTIGATION")
    try:
        return asking.cooperation.requests.GetRequest(request_service_pb2.GetRequestRequest(name=name))
    except Problem as problem:
        assert problem.reason == "NOT_FOUND", problem
        return None


def sent(ana, operation):
    handling = handling_pb2.Handling(
        tlp=handling_pb2.TLP_AMBER, purpose=handling_pb2.PURPOSE_INVESTIGATION, operation=operation
    )
    units = ["countries/TON/units/ncb", "countries/TON/units/customs"]
    draft = request_pb2.Request(title="Who owns her?", recipients=units, handling=handling)
    requests = ana.cooperation.requests
    made = requests.CreateRequest(request_service_pb2.CreateRequestRequest(parent="countries/FJI", request=draft))
    requests.SendRequest(request_service_pb2.SendRequestRequest(name=made.name, etag=made.etag))
    until(lambda: all(one.state in _ARRIVED for one in seen(ana, made.name).statuses))
    return made.name


def test_an_officer_abroad_takes_part_until_taken_out(region):
    with region.signed_in("fji", "ana") as ana, region.signed_in("ton", "mele") as mele:
        operations = ana.cooperation.operations
        operation = operations.CreateOperation(
            operation_service_pb2.CreateOperationRequest(
                parent="countries/FJI", operation=operation_pb2.Operation(display_name="Kaveinga")
            )
        )
        request = sent(ana, operation.name)
        assert seen(mele, request) is None
        member = operations.CreateMember(
            operation_service_pb2.CreateMemberRequest(parent=operation.name, member=operation_pb2.Member(officer=MELE))
        )
        assert until(lambda: seen(mele, request)).title == "Who owns her?"
        with region.signed_in("ton", "sione") as sione:
            # Of an addressed unit, too.
            assert seen(sione, request) is None
        said = explained(region, request)
        assert ("mele may read" in said[0], "sione may not read" in said[1]) == (True, True)
        assert "operation: It belongs to an operation this person takes no part in." in " ".join(said[1].split())
        operations.DeleteMember(operation_service_pb2.DeleteMemberRequest(name=member.name))
        until(lambda: seen(mele, request) is None)
        assert seen(ana, request)


def explained(region, request):
    here = ("--what", request, "--purpose", "investigation", "--dir", region.folder("ton"))
    ran = [bluepacific("access", "explain", "--who", who, *here) for who in ("mele", "sione")]
    return [one.out + one.err for one in ran]
