"""A node that was invited by somebody is a member once somebody else has compared its fingerprint."""

import asyncio

import grpc
import pytest
from google.rpc import error_details_pb2
from net import message

from bluepacific.exchange.v1 import exchange_service_pb2 as exchange_pb2
from bluepacific.exchange.v1 import exchange_service_pb2_grpc as exchange_grpc
from bp_exchange.adapters.inviting import invite, read_token
from bp_exchange.adapters.joining import join
from bp_exchange.adapters.key_folder import KeyFolder
from bp_exchange.protocol.words import fingerprint
from bp_exchange.usecases import bells
from bp_kit.ports import system_clock
from bp_kit.testing.harness import detail, status_of_error


async def confirm(network, *roles, country=None, **fields):
    stub = exchange_grpc.ExchangeServiceStub(network.ptccc.people)
    token = network.ptccc.token(*(roles or ("administrator",)), country=country)
    await stub.ConfirmNode(exchange_pb2.ConfirmNodeRequest(**fields), metadata=token)


async def refused(call, reason):
    with pytest.raises(grpc.RpcError) as error:
        await call
    assert detail(status_of_error(error.value), error_details_pb2.ErrorInfo()).reason == reason


@pytest.fixture
async def waiting(network):
    """Vanuatu's node, invited by Sefo, enrolled and running; nobody has confirmed it."""
    node = await network.add("vut", "VUT")
    centre = network.ptccc.exchange
    async with centre.house.database.write() as session:
        token = await invite(
            session,
            centre.authority,
            network.ptccc.settings,
            node_id="vut",
            countries=("VUT",),
            clock=system_clock,
            invited_by="Sefo Tuala",
        )
    await network.doors_open()
    joined = await join(KeyFolder(node.settings.key_dir, "vut"), read_token(token), system_clock())
    await node.start()
    return node, fingerprint(joined.node)


async def test_a_second_person_makes_it_a_member(network, waiting):
    node, words = waiting
    (candidate,) = (await network.ptccc.status()).candidates
    assert (candidate.node_id, candidate.fingerprint, candidate.invited_by) == ("vut", words, "Sefo Tuala")
    assert list(candidate.countries) == ["VUT"]
    assert "vut" not in network.ptccc.exchange.house.register.directory.nodes
    assert (await node.status()).fingerprint == words
    await node.send(message(author="countries/VUT", recipients=["countries/FJI/units/ncb"]))
    await confirm(network, node_id="vut", fingerprint=f"  {words.upper()} ", confirmed_by="Ana Tua")
    await network.linked("vut")
    (delivery,) = await network.fji.receive()
    assert delivery.message.author == "countries/VUT"
    assert not (await network.ptccc.status()).candidates
    await node.until(lambda: node.exchange.house.register.directory.nodes["vut"].countries, bells.REGISTER_CURRENT)


async def test_it_takes_another_person_and_the_same_words(network, waiting):
    node, words = waiting
    same = {"node_id": "vut", "fingerprint": words, "confirmed_by": "sefo  tuala"}
    await refused(confirm(network, **same), "SECOND_PERSON_NEEDED")
    other = {**same, "confirmed_by": "Ana", "fingerprint": " ".join(reversed(words.split()))}
    await refused(confirm(network, **other), "FINGERPRINT_DIFFERS")
    await refused(confirm(network, **{**other, "node_id": "slb"}), "NOT_FOUND")
    await refused(confirm(network, "officer", **other), "PERMISSION_DENIED")
    await refused(confirm(network, country="FJI", **other), "PERMISSION_DENIED")
    assert network.ptccc.exchange.links.heard("vut") is None
    assert (await network.ptccc.status()).candidates
    await asyncio.sleep(0)
    assert node.exchange.links.heard("ptccc") is None
