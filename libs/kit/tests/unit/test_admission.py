from dataclasses import replace

import pytest

from bluepacific.common.v1 import handling_pb2
from bp_kit.call import Call, Principal
from bp_kit.errors import Refused
from bp_kit.rpc.admission import admit, look_again
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


class Register:
    """What a verifier says of a visitor's token now."""

    def __init__(self, **changes):
        self.visitor = replace(call(GET, "FRESH").principal, **changes)
        self.reason = ""

    async def verify(self, token, thumbprint):
        assert (token, thumbprint) == ("visitors", None)
        if self.reason:
            raise Refused(self.reason)
        return self.visitor


async def look(register):
    listening = replace(call(GET, "FRESH"), metadata={"authorization": "DPoP visitors"})
    await look_again(method_of(GET), listening, register)


async def test_a_visitor_who_listens_is_looked_at_again():
    more = frozenset({("liaison", "countries/FJI/units/ncb"), ("liaison", "countries/FJI/units/tcu")})
    for register in (Register(), Register(standing="STALE"), Register(grants=more)):
        await look(register)


@pytest.mark.parametrize("reason", ["TOKEN_INVALID", "TOKEN_EXPIRED", "UNAVAILABLE"])
async def test_a_visitor_whose_node_is_no_longer_vouched_for_is_let_go(reason):
    register = Register()
    register.reason = reason
    with pytest.raises(Refused, match=reason):
        await look(register)


async def test_a_visitor_whose_unit_was_revoked_is_let_go():
    with pytest.raises(Refused, match="TOKEN_EXPIRED"):
        await look(Register(grants=frozenset()))


async def test_a_visitor_is_let_go_when_the_register_is_too_old():
    with pytest.raises(Refused, match="REGISTER_TOO_OLD"):
        await look(Register(standing="EMERGENCY"))


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
