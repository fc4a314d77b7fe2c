"""What a hostile member does with version 2: envelopes, grants and lists of receipts that are signed well, and lie."""

import uuid

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import envelope_pb2, link_service_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.batch import finish, prepare
from bp_exchange.protocol.batch_shape import INCARNATION_BYTES
from bp_exchange.protocol.epoch import EPOCH_BYTES, KEY_BYTES, Reader, make_grant
from bp_exchange.protocol.receipt_list import sign_list
from bp_verify.seals import root_signed
from tests.simulation.members import keys_of, unit_of
from tests.simulation.messages import message_of

_S = topics_pb2.DeliveryState


class Batches:
    """Envelopes of version 2 by a hostile member.

    Args:
        peer: Who it is.
    """

    def __init__(self, peer):
        self._peer = peer
        self._world = peer.network.world
        self._sequence = 0
        self._epoch = self._world.chance.randbytes(EPOCH_BYTES)
        self._key = self._world.chance.randbytes(KEY_BYTES)

    def naughty(self):
        """Returns items that no honest node sends."""
        return [link_service_pb2.Item(**one) for one in self._world.chance.choice(_NAUGHTY)(self)]

    def own(self):
        """A message of its own as anybody may send one; then another under its sequence."""
        first, second = self._sealed(), self._sealed(same=True)
        return [self._grant(), {"envelope": first}, {"envelope": second}, {"envelope": first}]

    def ungranted(self):
        """Under a key that nobody gets."""
        return [{"envelope": self._sealed(epoch=self._world.chance.randbytes(EPOCH_BYTES))}]

    def impersonated(self):
        """In the name of a unit that is not its own."""
        return [self._grant(), {"envelope": self._sealed(author=unit_of("n02"))}]

    def squatted(self):
        """Under the id of somebody else's message, which it got as well."""
        promises = self._peer.network.ledger.promises.items()
        known = [at for at, one in promises if unit_of(self._peer.node_id) in one.message.recipients][-1:]
        self._peer.network.ledger.squatted |= {(one, "n01") for one in known}
        return [self._grant(), *({"envelope": self._sealed(message_id=one)} for one in known)]

    def lowered(self):
        """Says less in its header than its message does."""
        return [self._grant(), {"envelope": self._sealed(tlp=handling_pb2.TLP_CLEAR)}]

    def uprooted(self):
        """An inner seal over other messages than are inside."""
        envelope = envelope_pb2.Envelope.FromString(self._sealed())
        envelope.signature = keys_of(self._peer.node_id).sign.sign(root_signed(b"\0" * 32, 1, self._world.new_id()))
        return [self._grant(), {"envelope": envelope.SerializeToString()}]

    def overtaking(self):
        """Has what it likes hurried, and what is behind it besides."""
        self._sequence += 100
        return [
            self._grant(),
            {"envelope": self._sealed(after=range(1, 60))},
            {"envelope": self._sealed(after=[10**9])},
        ]

    def grants(self):
        """Keys in another node's name, for a node that is not its receiver, and of no use."""
        forged, useless = self._grant()["grant"], self._grant()["grant"]
        grant = envelope_pb2.Grant.FromString(forged.grant)
        grant.sender_node = "n02"
        forged.grant = grant.SerializeToString()
        useless.grant = self._world.chance.randbytes(40)
        return [{"grant": forged}, {"grant": useless}]

    def lists(self):
        """Statements about messages that it never had, in other nodes' names too; and asks for keys."""
        batches = [one for node in self._peer.network.honest for one in node.state.batches][-3:]
        stated = [
            envelope_pb2.Stated(
                envelope_id=uuid.UUID(batch_id).bytes,
                state=_S.DELIVERY_STATE_DELIVERED,
                recipient=recipient,
                messages=[0],
            )
            for batch_id in batches
            for recipient in (unit_of(self._peer.node_id), self._world.chance.choice((unit_of("n01"), "nodes/n01")))
        ]
        asked = [
            envelope_pb2.Stated(envelope_id=bytes(16), epoch=self._world.chance.randbytes(EPOCH_BYTES))
            for _ in range(5)
        ]
        lists = [stated[:1], stated, asked, [*asked, *stated[:1]]]
        keys = keys_of(self._peer.node_id)
        return [{"receipts": sign_list(one, keys=keys, to_node="n01")[1]} for one in lists]

    def _grant(self):
        network = self._peer.network
        node = network.register.register.nodes[1]
        return {"grant": make_grant(self._epoch, self._key, keys=keys_of(self._peer.node_id), node=node)}

    def _sealed(self, *, same=False, epoch=None, message_id=None, author=None, tlp=None, after=()):
        world, node_id = self._world, self._peer.node_id
        message = message_of(world, node_id, [unit_of("n01")])
        head = envelope_pb2.MessageHead(
            message_id=uuid.UUID(message_id or message.message_id).bytes,
            topic=message.topic,
            author=author or message.author,
            recipients=message.recipients,
            urgency=message.urgency,
        )
        content = envelope_pb2.Content(payload=message.payload, handling=message.handling)
        prepared = prepare([(head.SerializeToString(), content.SerializeToString())], random=world.chance.randbytes)
        self._sequence += not same
        header = envelope_pb2.EnvelopeHeader(
            incarnation_id=b"hostile!"[:INCARNATION_BYTES],
            sequence=self._sequence,
            urgency=message.urgency,
            tlp=message.handling.tlp if tlp is None else tlp,
            after=after,
        )
        readers = [Reader("n01", epoch or self._epoch, self._key)]
        return finish(prepared, header, keys=keys_of(node_id), readers=readers)[1]


_NAUGHTY = (
    Batches.own,
    Batches.ungranted,
    Batches.impersonated,
    Batches.squatted,
    Batches.lowered,
    Batches.uprooted,
    Batches.overtaking,
    Batches.grants,
    Batches.lists,
)
