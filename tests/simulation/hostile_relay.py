"""A relay that means harm: it does what it likes with what passes; it has no key but its own."""

import uuid

from bluepacific.exchange.v1 import envelope_pb2, link_service_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.receipt import sign_receipt
from bp_exchange.protocol.receipt_list import sign_list
from tests.simulation.members import CENTRE, country_code, unit_of

Frame = link_service_pb2.Frame
_S = topics_pb2.DeliveryState


class Relay:
    """What a hostile centre does to what passes; it has no key but its own."""

    def __init__(self, network):
        self.network = network
        self.kept = []

    def tamper(self, frame, sender, receiver):
        """Returns what arrives in place of a frame."""
        world = self.network.world
        if not frame.HasField("item") or world.now > self.network.schedule.seconds or world.chance.random() > 0.4:
            return [frame]
        self.kept.append(frame)
        return world.chance.choice(_TRICKS)(self, frame, sender, receiver)

    def drop(self, frame, sender, receiver):
        """Takes it, says so, and forgets it."""
        sender.arrived(Frame(ack=link_service_pb2.Ack(stored=[frame.item.position])))
        return []

    def double(self, frame, sender, receiver):
        return [frame, frame]

    def swap(self, frame, sender, receiver):
        """Gives it to somebody else as well."""
        others = [one for peer, one in self.network.centre.links.items() if peer != receiver.node.node_id]
        if others and sender.node.node_id == CENTRE:
            self._to(self.network.world.chance.choice(others), frame)
        return [frame]

    def _to(self, end, frame):
        end._other.arrived(frame)

    def old(self, frame, sender, receiver):
        """Gives something old once more, after it."""
        return [frame, self.network.world.chance.choice(self.kept)]

    def spoilt(self, frame, sender, receiver):
        if frame.item.HasField("envelope"):
            raw = bytearray(frame.item.envelope)
            raw[self.network.world.chance.randrange(len(raw))] ^= 1
            frame.item.envelope = bytes(raw)
        return [frame]

    def readdressed(self, frame, sender, receiver):
        """Names another node beside each key, and another recipient in the header; signs it anew in its own name."""
        if frame.item.HasField("envelope"):
            envelope = envelope_pb2.Envelope.FromString(frame.item.envelope)
            header = envelope_pb2.EnvelopeHeader.FromString(envelope.header)
            if self.network.world.odds(0.5):
                header.sender_node, header.author = CENTRE, f"countries/{country_code(CENTRE)}"
            header.recipients.append(unit_of(CENTRE))
            envelope.header = header.SerializeToString(deterministic=True)
            for key in envelope.keys:
                key.node = CENTRE
            frame.item.envelope = envelope.SerializeToString()
        return [frame]

    def forged(self, frame, sender, receiver):
        """Says in its own name that a recipient got it."""
        made = []
        for message_id, promise in list(self.network.ledger.promises.items())[-2:]:
            receipt = topics_pb2.Receipt(
                message_id=message_id, recipient=promise.message.recipients[0], state=_S.DELIVERY_STATE_DELIVERED
            )
            keys = self.network.centre.keys
            signed_receipt = sign_receipt(
                receipt, keys=keys, to_node=promise.node_id, receipt_id=self.network.world.new_id()
            )
            made.append(Frame(item=link_service_pb2.Item(position=10**6, receipt=signed_receipt)))
        return [frame, *made]

    def forged_list(self, frame, sender, receiver):
        """Says the same of an envelope of version 2."""
        network, made = self.network, []
        for message_id, promise in list(network.ledger.promises.items())[-2:]:
            record = network.nodes[promise.node_id].state.envelopes.get(message_id)
            if record and record.batch_id:
                stated = envelope_pb2.Stated(
                    envelope_id=uuid.UUID(record.batch_id).bytes,
                    state=_S.DELIVERY_STATE_DELIVERED,
                    recipient=promise.message.recipients[0],
                    messages=[record.batch_index],
                )
                signed = sign_list([stated], keys=network.centre.keys, to_node=promise.node_id)[1]
                made.append(Frame(item=link_service_pb2.Item(position=10**6, receipts=signed)))
        return [frame, *made]


_TRICKS = (
    Relay.drop,
    Relay.double,
    Relay.swap,
    Relay.old,
    Relay.spoilt,
    Relay.readdressed,
    Relay.forged,
    Relay.forged_list,
)
