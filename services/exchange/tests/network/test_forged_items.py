"""Items of a member with a valid certificate that no honest node writes: refused by their ground, counted, and the lane moves on."""

import os
import uuid

import grpc
import zstandard
from cryptography.hazmat.primitives.asymmetric import ec
from net import eventually, message
from raw_link import Frame, Raw, lane_moves_on
from sqlalchemy import update

from bluepacific.exchange.v1 import envelope_pb2, lane_service_pb2, lane_service_pb2_grpc, link_service_pb2
from bp_exchange.adapters.certificates import make_request
from bp_exchange.adapters.key_folder import AUTHORITY, private_pem
from bp_exchange.adapters.refused import refusals_of
from bp_exchange.adapters.tables import EnvelopeRow, QueueRow
from bp_exchange.protocol.batch import finish, prepare
from bp_exchange.protocol.epoch import Reader
from bp_exchange.usecases import bells
from bp_exchange.workers.links import MAX_FRAME_BYTES
from bp_verify.seals import inner_signed

MIB = 1024 * 1024


def sealed(fiji, header, payload=b"x", signed_for=None):
    """What is inside an envelope, as Fiji signs it, for this header or for another."""
    inner = envelope_pb2.Content(payload=payload).SerializeToString(deterministic=True)
    raw = (signed_for or header).SerializeToString(deterministic=True)
    signature = fiji.house.keys.sign.sign(inner_signed(raw, inner))
    return envelope_pb2.SealedContent(content=inner, signature=signature).SerializeToString(deterministic=True)


def to_centre(fiji, **fields):
    usual = {"recipients": ["countries/WSM"], "version": 1, "suite": 1, "sender_node": "fji"}
    return fiji.header(**(usual | fields))


def unknown_version(fiji):
    return fiji.forged(to_centre(fiji, version=99))


def unknown_suite(fiji):
    return fiji.forged(to_centre(fiji, suite=99))


def no_sequence(fiji):
    return fiji.forged(to_centre(fiji, sequence=0))


def no_number_of_a_database(fiji):
    return fiji.forged(to_centre(fiji, sequence=2**63))


def cut_short(fiji):
    return fiji.envelope()[:-30]


def half(fiji):
    raw = fiji.envelope()
    return raw[: len(raw) // 2]


def another_signature(fiji):
    envelope = envelope_pb2.Envelope.FromString(fiji.envelope())
    envelope.signature = bytes(64)
    return envelope.SerializeToString(deterministic=True)


def another_ciphertext(fiji):
    envelope = envelope_pb2.Envelope.FromString(fiji.envelope())
    envelope.ciphertext = envelope.ciphertext[:-1] + bytes([envelope.ciphertext[-1] ^ 1])
    return envelope.SerializeToString(deterministic=True)


def addressed_anew(fiji):
    """A content that its author signed for other recipients."""
    header = to_centre(fiji)
    other = to_centre(fiji, envelope_id=header.envelope_id, recipients=["countries/WSM", "countries/TON"])
    return fiji.forged(header, sealed(fiji, header, signed_for=other))


def unsigned_inside(fiji):
    header = to_centre(fiji)
    return fiji.forged(header, envelope_pb2.SealedContent(content=b"").SerializeToString())


def another_key(fiji):
    def swap(envelope):
        envelope.keys[0].wrapped = envelope.keys[0].wrapped[:-1] + b"x"

    header = to_centre(fiji)
    return fiji.forged(header, sealed(fiji, header), tamper=swap)


def bomb(fiji):
    return fiji.forged(to_centre(fiji), bytes(256 * MIB))


def bomb_of_a_window(fiji):
    """Few bytes that ask for 128 MiB to be unpacked."""
    parameters = zstandard.ZstdCompressionParameters(window_log=27, compression_level=1)
    unpacked = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return fiji.forged(to_centre(fiji), unpacked.compress(bytes(200 * MIB)) + unpacked.flush(), compress=bytes)


def no_zstd(fiji):
    return fiji.forged(to_centre(fiji), b"plain", compress=bytes)


def a_million_recipients(fiji):
    """As many as a frame takes."""
    return fiji.forged(to_centre(fiji, recipients=["a"] * 650_000))


def thousands_of_keys(fiji):
    def add(envelope):
        for at in range(20_000):
            envelope.keys.add(node=f"n{at}", wrapped=b"x")

    return fiji.forged(to_centre(fiji), tamper=add)


def of_nobody(fiji):
    return fiji.forged(to_centre(fiji, sender_node="nobody"))


FORGED = {
    unknown_version: "UNKNOWN_VERSION",
    unknown_suite: "UNKNOWN_VERSION",
    no_sequence: "MALFORMED",
    no_number_of_a_database: "MALFORMED",
    cut_short: "MALFORMED",
    half: "MALFORMED",
    another_signature: "BAD_SEAL",
    another_ciphertext: "BAD_SEAL",
    addressed_anew: "BAD_SEAL",
    unsigned_inside: "BAD_SEAL",
    another_key: "BAD_SEAL",
    bomb: "TOO_LARGE",
    bomb_of_a_window: "MALFORMED",
    no_zstd: "MALFORMED",
    a_million_recipients: "TOO_MANY_RECIPIENTS",
    thousands_of_keys: "TOO_MANY_RECIPIENTS",
    of_nobody: "UNKNOWN_SENDER",
}


async def refused_at(node, peer):
    """What the lanes' keeper is shown: how often something of a peer was refused, by ground."""
    lanes = lane_service_pb2_grpc.LaneServiceStub(node.people)
    shown = await lanes.GetLanes(lane_service_pb2.GetLanesRequest(), metadata=node.token("auditor"))
    (lane,) = [one for one in shown.lanes if one.peer == peer]
    return {one.ground: one.count for one in lane.incoming.refusals}


async def test_what_is_forged_is_refused_and_counted_by_its_ground(fiji, network):
    """One lane takes it all, and then moves on."""
    await fiji.greet()
    expected = {}
    for position, (forge, ground) in enumerate(FORGED.items(), 1):
        await fiji.item(position, envelope=forge(fiji))
        assert await fiji.ground(position) == ground, forge.__name__
        expected[ground] = expected.get(ground, 0) + 1
    await lane_moves_on(fiji, network)
    assert await refused_at(network.ptccc, "fji") == expected
    assert await network.ptccc.count(EnvelopeRow) == 1


async def test_items_are_acknowledged_by_whatever_position_they_have(fiji, network):
    """Positions are the sender's own: backwards, far away or twice, each is answered, and what it carries is taken once."""
    await fiji.greet()
    name = str(uuid.uuid4())
    raw = fiji.envelope(envelope_id=name)
    positions = [2**63, 7, 7, 3, 2**64 - 1]
    for position in positions:
        await fiji.item(position, envelope=raw)
    answered = []
    while len(answered) < len(positions):
        answered += (await fiji.read("ack")).stored
    assert sorted(answered) == sorted(positions)
    assert await network.ptccc.count(EnvelopeRow) == 1


async def test_a_broken_rule_ends_the_link_and_is_counted(fiji, network):
    await fiji.greet()
    await fiji.write(Frame(ack=link_service_pb2.Ack(stored=range(20_000))))
    await fiji.ended()

    async def counted():
        return await refused_at(network.ptccc, "fji") == {"TOO_MANY_ACKS": 1}

    await eventually(counted)


async def test_a_revoked_node_is_cut_off_and_its_attempts_are_counted(fiji, network):
    await fiji.greet()
    await network.ptccc.revoke("fji")
    await fiji.ended()
    async with Raw.again(fiji) as back:
        await back.ended()

    async def counted():
        return (await refused_at(network.ptccc, "fji")).get("NOT_TRUSTED", 0) >= 1

    await eventually(counted)
    assert await network.ptccc.count(QueueRow, QueueRow.peer == "fji", QueueRow.set_aside == "") == 0


async def test_a_frame_too_large_is_counted(fiji, network):
    await fiji.greet()
    await fiji.item(1, envelope=bytes(MAX_FRAME_BYTES + 1))
    await fiji.ended()

    async def counted():
        return await refused_at(network.ptccc, "fji") == {"FRAME_TOO_LARGE": 1}

    await eventually(counted)


async def test_an_unknown_certificate_is_refused_and_counted(fiji, network):
    """The network's authority signed it, and the register has no such node."""
    house, key = network.ptccc.exchange.house, ec.generate_private_key(ec.SECP256R1())
    certificate, _, _ = network.ptccc.exchange.authority.certify("vut", make_request(key, "vut"))
    stranger = Raw.again(fiji)
    stranger.credentials = grpc.ssl_channel_credentials(
        fiji.house.folder.read(AUTHORITY), private_pem(key), certificate
    )
    async with stranger:
        assert await stranger.ended() == grpc.StatusCode.PERMISSION_DENIED

    async def counted():
        async with house.database.read() as session:
            return [(one.ground, one.count) for one in await refusals_of(session, "ptccc")] == [
                ("UNKNOWN_CERTIFICATE", 1)
            ]

    await eventually(counted)
    lanes = lane_service_pb2_grpc.LaneServiceStub(network.ptccc.people)
    shown = await lanes.GetLanes(lane_service_pb2.GetLanesRequest(), metadata=network.ptccc.token("auditor"))
    assert [(one.ground, one.count) for one in shown.stranger_refusals] == [("UNKNOWN_CERTIFICATE", 1)]
    await fiji.greet()
    await lane_moves_on(fiji, network)


async def test_another_envelope_under_a_sequence_that_is_taken_is_an_alarm(fiji, network):
    """In version 2 the sequence makes the id: what comes second is refused, the lane goes on."""
    await fiji.greet()
    first, second = (_batch(fiji, 7, payload) for payload in (b"first", b"second"))
    await fiji.item(1, envelope=first)
    assert (await fiji.read("ack")).stored == [1]
    await fiji.item(2, envelope=second)
    assert await fiji.ground(2) == "DIGEST_DIFFERS"
    await fiji.item(3, envelope=_batch(fiji, 0, b"x"))
    assert await fiji.ground(3) == "MALFORMED"
    assert await refused_at(network.ptccc, "fji") == {"DIGEST_DIFFERS": 1, "MALFORMED": 1}
    await lane_moves_on(fiji, network)


def _batch(fiji, sequence, payload):
    head = envelope_pb2.MessageHead(message_id=uuid.uuid4().bytes, author="countries/FJI", recipients=["countries/TON"])
    inside = (head.SerializeToString(), envelope_pb2.Content(payload=payload).SerializeToString())
    header = envelope_pb2.EnvelopeHeader(incarnation_id=bytes(8), sequence=sequence, urgency=3)
    readers = [Reader("ton", bytes(8), bytes(32))]
    return finish(prepare([inside], random=os.urandom), header, keys=fiji.house.keys, readers=readers)[1]


async def test_a_country_refuses_what_is_not_for_it_and_its_lane_goes_on(network):
    """The centre, gone wrong, gives Tonga an envelope for Fiji: refused, counted, and the next message arrives."""
    sent = message(author="countries/WSM/units/ncb", recipients=["countries/FJI/units/ncb"])
    network.fji.cable.unplug()
    await network.ptccc.send(sent)
    async with network.ptccc.exchange.house.database.write() as session:
        await session.execute(update(QueueRow).where(QueueRow.peer == "fji").values(peer="ton"))

    async def counted():
        return await refused_at(network.ton, "ptccc") == {"NOT_ADDRESSED": 1}

    network.ptccc.exchange.house.bells.ring([bells.queue_of("ton")])
    await eventually(counted)
    assert await network.ton.count(EnvelopeRow) == 0
    await network.ptccc.send(message(author="countries/WSM/units/ncb"))
    (delivery,) = await network.ton.receive()
    assert delivery.message.payload
