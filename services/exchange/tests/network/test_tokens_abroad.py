"""A token of one node at another: real exchanges, the register that they have, clocks that run ahead."""

import base64
import json
import time
from datetime import timedelta

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey
from net import eventually

from bluepacific.cooperation.v1 import request_service_pb2  # noqa: F401 - defines the method that is listened to
from bluepacific.exchange.v1 import trust_service_pb2 as trust_pb2
from bluepacific.exchange.v1 import trust_service_pb2_grpc as trust_grpc
from bp_kit.call import Call
from bp_kit.errors import Refused
from bp_kit.rpc.admission import look_again
from bp_kit.rpc.methods import method_of
from bp_kit.testing.tokens import TestKeys
from bp_kit.tokens import TokenVerifier
from bp_kit.visiting import CERTIFICATE, REGISTRY, Visitors

GET = "/bluepacific.cooperation.v1.RequestService/GetRequest"
KEY = OKPKey.generate_key("Ed25519")
PUBLIC = base64.urlsafe_b64decode(KEY.as_dict(private=False)["x"] + "=")


def receiving(node):
    """Returns a verifier of a node's services."""

    def now():
        return node.clock().timestamp()

    return TokenVerifier(TestKeys(), now, visitors=Visitors(lambda: node.channel, now))


async def certificate_of(node, public_key=PUBLIC):
    answer = await trust_grpc.TrustServiceStub(node.channel).CertifyTokenKey(
        trust_pb2.CertifyTokenKeyRequest(public_key=public_key)
    )
    return answer.certificate


def token_of(node, certificate, *, key=KEY, header=None, **claims):
    now = node.clock().timestamp()
    usual = {
        "iss": "https://fji.example",
        "aud": "countries/TON",
        "sub": "countries/FJI/officers/ana",
        "country": "FJI",
        "roles": ["liaison@ncb", "ncb_head@ncb"],
        "clearance": 3,
        "iat": now,
        "exp": now + 300,
    }
    carried = base64.urlsafe_b64encode(certificate).rstrip(b"=").decode()
    told = {"typ": "at+jwt", "alg": "Ed25519", CERTIFICATE: carried} | (header or {})
    return jws.serialize_compact(told, json.dumps(usual | claims), key, registry=REGISTRY)


async def test_a_neighbour_is_a_liaison_officer_and_nothing_else(network):
    token = token_of(network.fji, await certificate_of(network.fji))
    person = await receiving(network.ton).verify(token)
    assert person.name == "countries/FJI/officers/ana"
    assert person.grants == {("liaison", "countries/FJI/units/ncb")}
    assert (person.node, person.standing, person.clearance) == ("fji", "FRESH", 0)


async def test_a_token_that_is_bound_at_home_is_bound_here(network):
    certificate, verifier = await certificate_of(network.fji), receiving(network.ton)
    token = token_of(network.fji, certificate, cnf={"jkt": "hers"})
    assert (await verifier.verify(token, "hers")).name == "countries/FJI/officers/ana"
    for shown in ("", "another"):
        with pytest.raises(Refused, match="TOKEN_INVALID"):
            await verifier.verify(token, shown)
    with pytest.raises(Refused, match="TOKEN_INVALID"):
        await verifier.verify(token_of(network.fji, certificate), "hers")
    for strange in ({"x5t#S256": "hers"}, "hers", None):
        with pytest.raises(Refused, match="TOKEN_INVALID"):
            await verifier.verify(token_of(network.fji, certificate, cnf=strange))


async def test_what_a_token_may_not_say(network):
    certificate, verifier, now = await certificate_of(network.fji), receiving(network.ton), time.time()
    for wrong in (
        {"aud": "bluepacific"},
        {"aud": "countries/WSM"},
        {"country": "WSM", "sub": "countries/WSM/officers/ana"},
        {"country": "TON", "sub": "countries/TON/officers/mele"},
        {"sub": "countries/TON/officers/mele"},
        {"sub": "countries/FJI/clients/portal"},
        {"exp": now + 10**6},
        {"iat": now + 10**6, "exp": now + 10**6},
        {"iat": now - 2000, "exp": now - 1800},
        {"roles": 7},
    ):
        with pytest.raises(Refused):
            await verifier.verify(token_of(network.fji, certificate, **wrong))


async def test_another_key_or_no_certificate_is_refused(network):
    certificate = await certificate_of(network.fji)
    stranger = OKPKey.generate_key("Ed25519")
    verifier = receiving(network.ton)
    for token in (
        token_of(network.fji, certificate, key=stranger),
        token_of(network.fji, certificate[:-1] + bytes([certificate[-1] ^ 1])),
        token_of(network.fji, b"x"),
        token_of(network.fji, b""),
        token_of(network.fji, certificate, header={"typ": "JWT"}),
        token_of(network.fji, certificate, header={CERTIFICATE: "ü"}),
    ):
        with pytest.raises(Refused, match="TOKEN_INVALID"):
            await verifier.verify(token)


@pytest.mark.parametrize(("days", "standing"), [(8, "STALE"), (40, "EMERGENCY")])
async def test_a_node_that_is_cut_off_still_verifies_and_says_by_what(network, days, standing):
    for node in (network.fji, network.ton):
        node.cable.unplug()
        node.ahead = timedelta(days=days)
    person = await receiving(network.ton).verify(token_of(network.fji, await certificate_of(network.fji)))
    assert person.standing == standing


async def test_who_is_revoked_is_refused_at_once(network):
    verifier = receiving(network.ton)
    token = token_of(network.fji, await certificate_of(network.fji))
    person = await verifier.verify(token)
    await network.ptccc.revoke("fji")

    async def heard():
        return network.ton.exchange.house.register.directory.nodes["fji"].revoked

    await eventually(heard)
    with pytest.raises(Refused, match="TOKEN_INVALID"):
        await verifier.verify(token)
    # And so is whoever listens since before.
    call = Call(method=GET, principal=person, metadata={"authorization": f"Bearer {token}"})
    with pytest.raises(Refused, match="TOKEN_INVALID"):
        await look_again(method_of(GET), call, verifier)
