"""A member that means harm: it sends what it likes, with valid keys of its own."""

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import envelope_pb2, link_service_pb2, register_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.batch import read_batch
from bp_exchange.protocol.envelope import seal, sealed_content
from bp_exchange.protocol.receipt import sign_receipt
from bp_exchange.protocol.session.session import MAX_ACKS
from tests.simulation import hostile_batches
from tests.simulation.members import keys_of, register_of, signed, unit_of
from tests.simulation.messages import message_of

Frame = link_service_pb2.Frame
_S = topics_pb2.DeliveryState
_FLOOD = 100


class Peer:
    """A hostile member: its keys are good, its frames are not.

    Args:
        network: Where it is.
        node_id: Who it is.
    """

    def __init__(self, network, node_id):
        self.network = network
        self.node_id = node_id
        self.keys = keys_of(node_id)
        self.seen = []
        self.sent = []
        self.position = 0
        self.batches = hostile_batches.Batches(self) if network.newer else None

    def end(self, cable):
        return Mallory(self, cable)

    def naughty(self):
        """Returns frames that no honest node sends."""
        if self.batches and self.network.world.odds(0.4):
            return [self._item(item) for item in self.batches.naughty()]
        return self.network.world.chance.choice(_NAUGHTY)(self)

    def _item(self, item=None, **kind):
        self.position += 1
        frame = Frame(item=item or link_service_pb2.Item(**kind))
        frame.item.position = self.position
        return frame

    def junk(self):
        return [self._item(envelope=self.network.world.chance.randbytes(200))]

    def flood(self):
        junk = self.network.world.chance.randbytes(2000)
        return [self._item(envelope=junk) for _ in range(_FLOOD)]

    def nothing(self):
        return [Frame(), self._item(), Frame(hello=link_service_pb2.Hello(node_id="n01", version=1))]

    def replay(self):
        """What it was sent, and what it sent, once more."""
        return [self._item(envelope=one) for one in (*self.seen, *self.sent)[-5:]]

    def readdressed(self):
        """What it was sent, for somebody else."""
        frames = []
        for raw in self.seen[-3:]:
            envelope = envelope_pb2.Envelope.FromString(raw)
            header = envelope_pb2.EnvelopeHeader.FromString(envelope.header)
            header.recipients[:1] = [unit_of("n01")]
            envelope.header = header.SerializeToString()
            frames.append(self._item(envelope=envelope.SerializeToString()))
        return frames

    def resealed(self):
        """What it could open, sealed anew in its author's name, with a lower label."""
        frames = []
        for raw in [one for one in self.seen[-2:] if read_batch(one) is None]:
            envelope = envelope_pb2.Envelope.FromString(raw)
            header = envelope_pb2.EnvelopeHeader.FromString(envelope.header)
            inside = sealed_content(envelope, self.keys)
            content = envelope_pb2.Content.FromString(inside.content)
            content.handling.tlp = handling_pb2.TLP_CLEAR
            frames.append(self._item(envelope=self._seal(header, content)))
        return frames

    def own(self):
        """A message of its own, as anybody may send one; then again, with its sequence and its id."""
        world = self.network.world
        message = message_of(world, self.node_id, [unit_of("n01")])
        header = envelope_pb2.EnvelopeHeader(
            envelope_id=message.message_id,
            incarnation="x",
            sequence=1,
            author=message.author,
            recipients=message.recipients,
            topic=message.topic,
            urgency=message.urgency,
        )
        first = self._seal(header, envelope_pb2.Content(payload=message.payload))
        second = self._seal(header, envelope_pb2.Content(payload=b"another"))
        self.sent.append(first)
        return [self._item(envelope=one) for one in (first, second, first)]

    def squatted(self):
        """Its own message under the id of somebody else's."""
        frames = []
        for raw in self.seen[-2:]:
            header = envelope_pb2.EnvelopeHeader.FromString(envelope_pb2.Envelope.FromString(raw).header)
            header.author = unit_of(self.node_id)
            header.recipients[:] = [unit_of("n01")]
            frames.append(self._item(envelope=self._seal(header, envelope_pb2.Content(payload=b"squatted"))))
        return frames

    def impersonated(self):
        world = self.network.world
        message = message_of(world, "n01", [unit_of("n02")])
        header = envelope_pb2.EnvelopeHeader(
            envelope_id=message.message_id, author=message.author, recipients=message.recipients, topic=message.topic
        )
        return [self._item(envelope=self._seal(header, envelope_pb2.Content(payload=message.payload)))]

    def _seal(self, header, content):
        world = self.network.world
        nodes = [(one, keys_of(one).sealing.public_bytes()) for one in ("n01", "n02") if one != self.node_id]
        return seal(header, content, keys=self.keys, nodes=nodes, random=world.chance.randbytes)

    def receipts(self):
        """Statements about messages in other nodes' names, and of what is not its to say."""
        frames = []
        world = self.network.world
        for message_id, promise in list(self.network.ledger.promises.items())[-3:]:
            for recipient, node in ((promise.message.recipients[0], self.node_id), (unit_of(self.node_id), "n01")):
                state = world.chance.choice((_S.DELIVERY_STATE_DELIVERED, _S.DELIVERY_STATE_REFUSED))
                receipt = topics_pb2.Receipt(message_id=message_id, recipient=recipient, state=state, ground="NO")
                made = sign_receipt(receipt, keys=self.keys, to_node=promise.node_id, receipt_id=world.new_id())
                made.node = node
                frames.append(self._item(receipt=made))
        return frames

    def acks(self):
        chance = self.network.world.chance
        ack = link_service_pb2.Ack(stored=[chance.randrange(50) for _ in range(20)])
        ack.refused.add(position=chance.randrange(50), ground="\0" * 500)
        return [Frame(ack=ack)]

    def too_many_acks(self):
        return [Frame(ack=link_service_pb2.Ack(stored=range(MAX_ACKS + 1)))]

    def register(self):
        """A register of its own making."""
        current = register_pb2.Register()
        current.CopyFrom(register_of(tuple(self.network.nodes)).register)
        current.version = 9
        current.nodes[0].centre = False
        return [Frame(register=signed(current, self.node_id).bundle)]

    def files(self):
        chance = self.network.world.chance
        digests = [chance.randbytes(32).hex(), "../../etc/passwd", *self.network.centre.disk.sealed][:4]
        request = link_service_pb2.BlobRequest
        return [
            *(Frame(blob_request=request(digest=one, offset=chance.choice((0, -1, 2**60)))) for one in digests),
            *(Frame(blob_chunk=link_service_pb2.BlobChunk(digest=one, offset=0, data=b"x")) for one in digests),
        ]


_NAUGHTY = (
    Peer.junk,
    Peer.flood,
    Peer.nothing,
    Peer.replay,
    Peer.readdressed,
    Peer.resealed,
    Peer.own,
    Peer.squatted,
    Peer.impersonated,
    Peer.receipts,
    Peer.acks,
    Peer.too_many_acks,
    Peer.register,
    Peer.files,
)


class Mallory:
    """The hostile end of one contact."""

    def __init__(self, peer, cable):
        self._peer = peer
        self._world = peer.network.world
        self._cable = cable
        self.is_open = True
        self.busy_until = 0.0
        self.node = peer.network.nodes[peer.node_id]

    def joined(self, cable, other):
        self._other = other
        hello = link_service_pb2.Hello(
            node_id=self._peer.node_id, version=self._world.chance.choice((0, 1, 1, 1, 9)), incarnation="\0" * 100
        )
        self._cable.carry(self, Frame(hello=hello))
        self._world.after(self._world.chance.uniform(0, 5), self._act)

    def _act(self):
        if not self.is_open or not self._other.is_open:
            self.close("over")
            return
        for frame in self._peer.naughty():
            self._cable.carry(self, frame)
        if self._world.now < self._peer.network.schedule.seconds:
            self._world.after(self._world.chance.expovariate(0.1), self._act)

    def arrived(self, frame):
        """Acknowledges some of what it gets, and keeps all of it."""
        if frame.HasField("item"):
            if frame.item.HasField("envelope"):
                self._peer.seen.append(frame.item.envelope)
            if self._world.odds(0.7):
                self._cable.carry(self, Frame(ack=link_service_pb2.Ack(stored=[frame.item.position])))

    def close(self, _why):
        if self.is_open:
            self.is_open = False
            self._world.after(0.1, self._other.close, "hostile")
            if self._world.now < self._peer.network.schedule.seconds:
                self._peer.network.redial(self._peer.node_id)
