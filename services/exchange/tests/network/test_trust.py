import contextlib

import grpc
import pytest
from google.rpc import error_details_pb2
from net import eventually, message

from bluepacific.exchange.v1 import enrolment_service_pb2 as enrolment_pb2
from bluepacific.exchange.v1 import exchange_service_pb2 as exchange_pb2
from bluepacific.exchange.v1 import link_service_pb2, link_service_pb2_grpc
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.adapters import joining
from bp_exchange.adapters.authority import Authority
from bp_exchange.adapters.certificates import host_of
from bp_exchange.adapters.inviting import read_token
from bp_exchange.adapters.joining import join
from bp_exchange.adapters.key_folder import AUTHORITY, CERTIFICATE, KeyFolder, private_pem
from bp_exchange.adapters.tables import QueueRow
from bp_exchange.protocol.words import fingerprint
from bp_exchange.usecases import bells
from bp_kit.ports import system_clock
from bp_kit.testing.harness import detail, status_of_error

STATES = topics_pb2.DeliveryState


def reason_of(error):
    return detail(status_of_error(error), error_details_pb2.ErrorInfo()).reason


async def connected(network, key, certificate, authority):
    """Returns the code with which the centre's listener ends a link of that certificate."""
    credentials = grpc.ssl_channel_credentials(authority, key, certificate)
    options = (("grpc.ssl_target_name_override", host_of("ptccc")), ("grpc.use_local_subchannel_pool", 1))
    async with grpc.aio.secure_channel(f"127.0.0.1:{network.port}", credentials, options=options) as channel:
        call = link_service_pb2_grpc.LinkServiceStub(channel).Connect(timeout=10)
        with contextlib.suppress(grpc.RpcError):
            await call.write(link_service_pb2.Frame())
            while await call.read() is not grpc.aio.EOF:
                continue
        return await call.code()


async def test_a_certificate_of_another_network_does_not_get_through_the_handshake(network, tmp_path):
    settings = network.ptccc.settings.model_copy(update={"key_dir": tmp_path / "evil"})
    folder = KeyFolder(settings.key_dir, "ptccc")
    Authority(folder, settings, system_clock).found()
    authority = network.ptccc.exchange.house.folder.read(AUTHORITY)
    code = await connected(network, private_pem(folder.p256("tls")), folder.read(CERTIFICATE), authority)
    assert code is grpc.StatusCode.UNAVAILABLE


async def test_nobody_gets_in_without_a_certificate(network):
    authority = network.ptccc.exchange.house.folder.read(AUTHORITY)
    assert await connected(network, None, None, authority) is grpc.StatusCode.UNAVAILABLE


async def test_a_certificate_for_a_key_that_is_not_in_the_register_is_refused(network, tmp_path):
    """The authority signed it, under Tonga's name, for other keys."""
    other = KeyFolder(tmp_path / "other", "ton")
    request = joining.make_request(other.p256("tls"), "ton")
    certificate, _, _ = network.ptccc.exchange.authority.certify("ton", request)
    authority = network.ptccc.exchange.house.folder.read(AUTHORITY)
    code = await connected(network, private_pem(other.p256("tls")), certificate, authority)
    assert code is grpc.StatusCode.PERMISSION_DENIED


async def test_what_an_invitation_opens_is_not_the_link(network):
    told = read_token(await network.invite("vut", ("VUT",)))
    door = joining.door_key(told.secret)
    guest = joining.pem(joining.knock(door, system_clock(), joining._GUEST_LIFETIME))
    await network.doors_open()
    authority = network.ptccc.exchange.house.folder.read(AUTHORITY)
    assert await connected(network, private_pem(door), guest, authority) is grpc.StatusCode.PERMISSION_DENIED


async def test_a_node_joins_and_everybody_hears_of_it(network):
    joined = await network.join("vut", "VUT")
    await network.fji.knows("vut")
    assert fingerprint(joined.exchange.house.folder.node(("VUT",), centre=False)) == (await joined.status()).fingerprint
    await network.fji.send(message(recipients=["countries/VUT"]))
    (delivery,) = await joined.receive()
    assert delivery.message.payload


async def test_the_register_travels_ahead_of_what_needs_it(network):
    """A node joins and writes to Fiji while Fiji is dark: the first thing that Fiji hears is who that is."""
    await network.fji.stop()
    joined = await network.join("vut", "VUT")
    await joined.send(message(author="countries/VUT", recipients=["countries/FJI/units/ncb"]))
    await joined.drained("ptccc")
    await network.fji.start()
    (delivery,) = await network.fji.receive()
    assert delivery.message.author == "countries/VUT"
    assert await network.ptccc.count(QueueRow, QueueRow.set_aside != "") == 0


async def test_a_node_knows_whom_it_knew_from_its_first_moment(network):
    await network.fji.stop()
    await network.fji.start()
    await network.fji.send(message())
    await network.ton.receive()


async def test_an_invitation_is_used_once_and_a_lost_answer_is_had_again(network, tmp_path):
    node = await network.add("vut", "VUT")
    told = read_token(await network.invite("vut"))
    folder = KeyFolder(node.settings.key_dir, "vut")
    first = await join(folder, told, system_clock())
    again = await join(folder, told, system_clock())
    assert again.node == first.node
    assert again.trusted.version == first.trusted.version

    thief = KeyFolder(tmp_path / "thief", "vut")
    with pytest.raises(grpc.RpcError) as refused:
        await join(thief, told, system_clock())
    assert reason_of(refused.value) == "INVITATION_INVALID"


async def test_an_invitation_is_for_one_node_and_its_countries(network, tmp_path):
    told = read_token(await network.invite("vut", ("VUT",)))
    with pytest.raises(grpc.RpcError) as refused:
        await join(KeyFolder(tmp_path / "slb", "slb"), told, system_clock())
    assert reason_of(refused.value) == "INVITATION_INVALID"

    taken = read_token(await network.invite("vut", ("TON",)))
    with pytest.raises(grpc.RpcError) as refused:
        await join(KeyFolder(tmp_path / "vut", "vut"), taken, system_clock())
    assert reason_of(refused.value) == "INVITATION_INVALID"


async def test_keys_must_be_proved(network, tmp_path, monkeypatch):
    told = read_token(await network.invite("vut", ("VUT",)))
    honest = joining._request

    def forged(folder, invitation):
        request = honest(folder, invitation)
        request.sign_key = bytes(32)
        return request

    monkeypatch.setattr(joining, "_request", forged)
    with pytest.raises(grpc.RpcError) as refused:
        await join(KeyFolder(tmp_path / "vut", "vut"), told, system_clock())
    assert reason_of(refused.value) == "PROOF_INVALID"


@pytest.mark.parametrize("token", ["", "x", "????", "aGVsbG8", "é" * 40])
def test_what_is_no_token_is_said_to_be_none(token):
    with pytest.raises(ValueError, match="token"):
        read_token(token)


async def test_a_token_that_was_cut_is_no_token(network):
    token = await network.invite("vut", ("VUT",))
    with pytest.raises(ValueError, match="token"):
        read_token(token[:-60])


async def test_a_revoked_node_is_cut_off_and_not_sent_to(network):
    await network.ptccc.revoke("ton")

    async def cut():
        return network.ptccc.exchange.links.heard("ton") is None

    await eventually(cut)
    register = network.fji.exchange.house.register
    await network.fji.until(lambda: register.directory.trusted("ton") is None, bells.REGISTER_CURRENT)
    with pytest.raises(grpc.RpcError) as refused:
        await network.fji.send(message())
    assert reason_of(refused.value) == "COUNTRY_NOT_REGISTERED"
    folder = network.ton.exchange.house.folder
    code = await connected(network, private_pem(folder.p256("tls")), folder.read(CERTIFICATE), folder.read(AUTHORITY))
    assert code is grpc.StatusCode.PERMISSION_DENIED


async def test_only_the_centres_administrators_revoke(network):
    for roles, country in ((("officer",), None), (("administrator",), "FJI")):
        with pytest.raises(grpc.RpcError) as refused:
            await network.ptccc.revoke("ton", *roles, country=country)
        assert reason_of(refused.value) == "PERMISSION_DENIED"
    with pytest.raises(grpc.RpcError) as refused:
        await network.fji.revoke("ton")
    assert reason_of(refused.value) == "NOT_FOUND"
    for node_id in ("nobody", "ptccc"):
        with pytest.raises(grpc.RpcError) as refused:
            await network.ptccc.revoke(node_id)
        assert reason_of(refused.value) == "NOT_FOUND"


async def test_the_status_shows_what_waits_and_whether_the_register_is_fresh(network):
    network.fji.cable.unplug()
    await network.fji.send(message())
    status = await network.fji.status()
    assert status.register_freshness == exchange_pb2.REGISTER_FRESHNESS_FRESH
    (link,) = status.links
    assert (link.peer, dict(link.waiting)) == ("ptccc", {"ROUTINE": 1})
    assert link.HasField("oldest_time")
    network.fji.ahead = network.ptccc.settings.register_fresh
    assert (await network.fji.status()).register_freshness == exchange_pb2.REGISTER_FRESHNESS_STALE
    network.fji.cable.plug()
    (delivery,) = await network.ton.receive()
    assert delivery.message.payload, "a stale register stops no traffic"


async def test_the_centre_keeps_its_register_fresh(network):
    before = network.ptccc.exchange.house.register.current
    network.ptccc.ahead = network.ptccc.settings.register_fresh * 0.6
    network.ptccc.exchange.house.bells.ring([bells.REGISTER_WRITTEN])
    register = network.ton.exchange.house.register
    await network.ton.until(lambda: register.current.expires > before.expires, bells.REGISTER_CURRENT)
    assert register.current.version == before.version


def test_an_invitation_says_what_it_is_for():
    assert {field.name for field in enrolment_pb2.Invitation.DESCRIPTOR.fields} == {
        "link",
        "centre",
        "node_id",
        "authority",
        "secret",
    }
