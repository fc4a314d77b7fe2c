"""Certificates and keys of running nodes are replaced: nobody notices, and what was signed before stays proven."""

import asyncio
import uuid
from datetime import timedelta

import grpc
import pytest
from net import eventually, message

from bluepacific.exchange.v1 import exchange_service_pb2 as exchange_pb2
from bluepacific.exchange.v1 import exchange_service_pb2_grpc as exchange_grpc
from bluepacific.exchange.v1 import proof_service_pb2 as proofs_pb2
from bluepacific.exchange.v1 import proof_service_pb2_grpc as proofs_grpc
from bp_exchange.adapters.certificates import expiry_of
from bp_exchange.adapters.key_folder import CERTIFICATE, RENEWAL
from bp_exchange.adapters.renewing import NotRenewedError, ask_centre, make_renewal
from bp_exchange.usecases import bells
from bp_verify.checking import check_proof


async def renew(node, **fields):
    stub = exchange_grpc.ExchangeServiceStub(node.people)
    return await stub.RenewNode(exchange_pb2.RenewNodeRequest(**fields), metadata=node.token("administrator"))


async def proof_of(node, sent):
    stub = proofs_grpc.ProofServiceStub(node.people)
    name = f"countries/{node.settings.countries[0]}/messages/{sent.message_id}"
    token = node.token("data_protection_officer")
    file = b"".join(
        [one.data async for one in stub.ExportProof(proofs_pb2.ExportProofRequest(name=name), metadata=token)]
    )
    root = (await stub.GetRegister(proofs_pb2.GetRegisterRequest(), metadata=token)).roots[0]
    return check_proof(file, root)


def keys_of(node, node_id):
    return node.exchange.house.register.directory.nodes[node_id]


async def rotated(network, node_id, **fields):
    """Returns once every node knows the new keys of one, and that one signs with them."""
    before = keys_of(network.ptccc, node_id).sign_key
    await renew(network.nodes[node_id], rotate_keys=True, **fields)
    for node in network.nodes.values():
        await node.until(lambda node=node: keys_of(node, node_id).sign_key != before, bells.REGISTER_CURRENT)
    own = network.nodes[node_id].exchange.house
    assert own.keys.sign.public_key().public_bytes_raw() == keys_of(network.ptccc, node_id).sign_key
    return before


async def test_keys_rotate_with_overlap_while_messages_are_on_their_way(network):
    network.ton.cable.unplug()
    early = message()
    await network.fji.send(early)
    await network.fji.drained("ptccc")
    network.ton.cable.plug()
    before = await rotated(network, "fji")
    await rotated(network, "ton")
    late = message(conversation="countries/FJI/requests/2")
    await network.fji.send(late)
    got = {one.message.message_id for one in await network.ton.receive(2)}
    assert got == {early.message_id, late.message_id}
    assert [one.sign_key for one in keys_of(network.ton, "fji").previous_keys] == [before]
    for sent in (early, late):
        report = await proof_of(network.fji, sent)
        assert report.holds, report.faults


async def test_what_was_sealed_for_the_old_keys_is_opened_with_them(network):
    network.ton.cable.unplug()
    sent = message()
    await network.fji.send(sent)
    await network.fji.drained("ptccc")
    folder = network.ton.exchange.house.folder
    known = network.ton.exchange.house.register.current
    request = make_renewal(folder, keys_of(network.ton, "ton"), rotate=True, compromised=False)
    await ask_centre(folder, f"127.0.0.1:{network.port}", known, request, network.ton.clock())
    network.ton.cable.plug()
    (delivery,) = await network.ton.receive()
    assert delivery.message.message_id == sent.message_id
    await network.ton.until(lambda: keys_of(network.ton, "ton").previous_keys, bells.REGISTER_CURRENT)
    assert network.ton.exchange.house.keys.older


async def test_keys_in_wrong_hands_stand_for_nobody_at_once(network):
    before = await rotated(network, "fji", compromised=True)
    (had,) = keys_of(network.ton, "fji").previous_keys
    assert (had.sign_key, had.retired) == (before, True)
    sent = message(message_id=str(uuid.uuid4()))
    await network.fji.send(sent)
    await network.ton.receive()


async def test_replaced_keys_are_retired_when_the_overlap_is_over(network):
    await rotated(network, "fji")
    network.ptccc.ahead = network.ptccc.settings.key_overlap + timedelta(days=1)
    network.ptccc.exchange.house.bells.ring([bells.REGISTER_WRITTEN])
    await network.ptccc.until(lambda: keys_of(network.ptccc, "fji").previous_keys[0].retired, bells.REGISTER_CURRENT)


async def test_the_centre_has_keys_that_rotate_too(network):
    await rotated(network, "ptccc")
    await network.fji.send(message())
    await network.ton.receive()
    network.fji.cable.cut()
    await network.linked("fji")


async def test_a_certificate_is_renewed_before_it_expires(network):
    folder = network.fji.exchange.house.folder
    before = expiry_of(folder.read(CERTIFICATE))
    network.fji.ahead, network.ptccc.ahead = network.ptccc.settings.certificate_lifetime * 0.7, timedelta(days=1)
    network.fji.cable.cut()

    async def renewed():
        return expiry_of(folder.read(CERTIFICATE)) > before

    await eventually(renewed, 60)
    status = await network.fji.status()
    assert status.certificate_expire_time.seconds == int(expiry_of(folder.read(CERTIFICATE)).timestamp())
    assert not status.renewal_failure


async def test_with_an_expired_certificate_a_node_finds_back_by_itself(network):
    """It was switched off for three years; nobody travels anywhere."""
    away = network.ptccc.settings.certificate_lifetime + timedelta(days=1)
    folder = network.fji.exchange.house.folder
    await network.fji.stop()
    network.fji.ahead = network.ptccc.ahead = away
    before = folder.read(CERTIFICATE)
    await network.fji.start()

    async def renewed():
        return folder.read(CERTIFICATE) != before

    await eventually(renewed, 60)
    assert folder.read(RENEWAL)


async def test_who_has_been_revoked_renews_nothing(network):
    network.fji.cable.unplug()
    folder, known = network.fji.exchange.house.folder, network.fji.exchange.house.register.current
    await network.ptccc.revoke("fji")
    request = make_renewal(folder, keys_of(network.fji, "fji"), rotate=True, compromised=False)
    with pytest.raises(NotRenewedError):
        await ask_centre(folder, f"127.0.0.1:{network.port}", known, request, network.fji.clock())


async def test_it_says_why_it_could_not(network):
    network.fji.cable.unplug()
    await renew(network.fji)

    async def told():
        return (await network.fji.status()).renewal_failure

    assert "cannot be reached" in await eventually(told, 60)
    network.fji.cable.plug()


async def test_only_administrators_of_its_country_renew_a_node(network):
    stub = exchange_grpc.ExchangeServiceStub(network.fji.people)
    for token in (network.fji.token("officer"), network.fji.token("administrator", country="TON")):
        with pytest.raises(grpc.RpcError) as refused:
            await stub.RenewNode(exchange_pb2.RenewNodeRequest(), metadata=token)
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    await asyncio.sleep(0)
