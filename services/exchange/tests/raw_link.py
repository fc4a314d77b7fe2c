"""Fiji's end of a link, held by a test: it sends whatever it likes."""

import contextlib
import os
import uuid

import grpc
import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bluepacific.exchange.v1 import envelope_pb2, link_service_pb2, link_service_pb2_grpc
from bp_exchange.adapters.certificates import host_of
from bp_exchange.adapters.key_folder import AUTHORITY, CERTIFICATE, private_pem
from bp_exchange.protocol.envelope import seal
from bp_exchange.protocol.keys import wrap
from bp_verify.seals import outer_signed

Frame = link_service_pb2.Frame


class Raw:
    """Fiji's end of a link, held by the test: it sends whatever it likes."""

    def __init__(self, network):
        house = network.nodes["fji"].exchange.house
        self.house, self.port = house, network.port
        self.ton = network.ton.exchange.house.keys.sealing.public_bytes()
        self.centre = network.ptccc.exchange.house.keys.sealing.public_bytes()
        folder = house.folder
        self.credentials = grpc.ssl_channel_credentials(
            folder.read(AUTHORITY), private_pem(folder.p256("tls")), folder.read(CERTIFICATE)
        )

    async def __aenter__(self):
        options = (
            ("grpc.ssl_target_name_override", host_of("ptccc")),
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.max_send_message_length", 64 * 1024 * 1024),
        )
        target = f"127.0.0.1:{self.port}"
        self.channel = grpc.aio.secure_channel(target, self.credentials, options=options)
        self.call = link_service_pb2_grpc.LinkServiceStub(self.channel).Connect(timeout=30)
        return self

    async def __aexit__(self, *_):
        await self.channel.close()

    @classmethod
    def again(cls, other):
        """Another connection of the same node."""
        made = cls.__new__(cls)
        made.__dict__.update(other.__dict__)
        return made

    async def greet(self, **fields):
        current = self.house.register.current
        values = {
            "node_id": "fji",
            "version": 1,
            "register_version": current.version,
            "timestamp_version": current.timestamp_version,
        }
        await self.write(Frame(hello=link_service_pb2.Hello(**(values | fields))))
        return self

    async def write(self, frame):
        await self.call.write(frame)

    async def item(self, position, **kind):
        await self.write(Frame(item=link_service_pb2.Item(position=position, **kind)))

    async def read(self, kind):
        while (frame := await self.call.read()) is not grpc.aio.EOF:
            if frame.HasField(kind):
                return getattr(frame, kind)
        return None

    async def ground(self, position):
        ack = await self.read("ack")
        return {one.position: one.ground for one in ack.refused}.get(position)

    async def ended(self):
        with contextlib.suppress(grpc.RpcError):
            while await self.call.read() is not grpc.aio.EOF:
                continue
        return await self.call.code()

    def header(self, **fields):
        values = {
            "envelope_id": str(uuid.uuid4()),
            "author": "countries/FJI",
            "recipients": ["countries/TON/units/ncb"],
            "topic": "bluepacific.cooperation.v1.request.opened",
            "sequence": 1,
        }
        return envelope_pb2.EnvelopeHeader(**(values | fields))

    def envelope(self, payload=b"x", **fields):
        content = envelope_pb2.Content(payload=payload)
        nodes = [("ton", self.ton)]
        return seal(self.header(**fields), content, keys=self.house.keys, nodes=nodes, random=os.urandom)

    def forged(self, header, plain=b"", compress=zstandard.compress, tamper=None):
        """An envelope for the centre, its outer seal in order, whatever is inside; `tamper` is called before that seal is made."""
        raw, key = header.SerializeToString(deterministic=True), os.urandom(32)
        envelope = envelope_pb2.Envelope(header=raw, ciphertext=AESGCM(key).encrypt(bytes(12), compress(plain), raw))
        envelope.keys.add(node="ptccc", wrapped=wrap(key, self.centre, raw))
        if tamper:
            tamper(envelope)
        envelope.signature = self.house.keys.sign.sign(outer_signed(envelope))
        return envelope.SerializeToString(deterministic=True)


async def lane_moves_on(fiji, network):
    """After all that, an honest envelope still arrives."""
    await fiji.item(99, envelope=fiji.envelope(payload=b"honest"))
    while not (ack := await fiji.read("ack")).stored:
        continue
    assert list(ack.stored) == [99]
    (delivery,) = await network.ton.receive()
    assert delivery.message.payload == b"honest"
