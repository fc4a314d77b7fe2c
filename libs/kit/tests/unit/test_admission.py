import pytest

from bluepacific.common.v1 import handling_pb2
from bp_kit.call import Call, Principal
from bp_kit.errors import Refused
from bp_kit.rpc.admission import admit
from bp_kit.rpc.methods import method_of

GET = "/bluepacific.cooperation.v1.RequestService/GetRequest"
SEND = "/bluepacific.cooperation.v1.RequestService/SendRequest"


def call(path, standing, purpose=handling_pb2.PURPOSE_INVESTIGATION):
    grants = frozenset({("liaison", "countries/FJI/units/ncb")})
    person = Principal("countries/FJI/officers/ana", "FJI", grants, node="fji", standing=standing)
    return Call(method=path, principal=person, purpose=purpose)


@pytest.fixture(autouse=True)
def protos():
    from bluepacific.cooperation.v1 import request_service_pb2  # noqa: F401 - defines the methods


@pytest.mark.parametrize("standing", ["FRESH", "STALE"])
def test_a_visitor_reads(standing):
    admit(method_of(GET), call(GET, standing))


def test_a_visitor_changes_nothing():
    with pytest.raises(Refused, match="PERMISSION_DENIED"):
        admit(method_of(SEND), call(SEND, "FRESH"))


def test_in_an_emergency_only_for_an_immediate_threat():
    with pytest.raises(Refused, match="REGISTER_TOO_OLD"):
        admit(method_of(GET), call(GET, "EMERGENCY"))
    admit(method_of(GET), call(GET, "EMERGENCY", handling_pb2.PURPOSE_IMMEDIATE_THREAT))


def program(path, *scopes):
    grants = frozenset({("duty_officer", "countries/FJI/units/ncb")})
    principal = Principal("countries/FJI/clients/records", "FJI", grants, scopes=frozenset(scopes) if scopes else None)
    return Call(method=path, principal=principal, purpose=handling_pb2.PURPOSE_INVESTIGATION)


@pytest.mark.parametrize("scopes", [(), ("cooperation",), ("training", "cooperation"), ("cooperation.read",)], ids=str)
def test_a_program_reads_within_its_scopes(scopes):
    admit(method_of(GET), program(GET, *scopes))


@pytest.mark.parametrize(("path", "scope"), [(GET, "training"), (GET, "training.read"), (SEND, "cooperation.read")])
def test_a_program_does_nothing_beyond_its_scopes(path, scope):
    with pytest.raises(Refused, match="SCOPE_MISSING"):
        admit(method_of(path), program(path, scope))
