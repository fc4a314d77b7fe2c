"""What the services hand in: messages in conversations, of every urgency, some to many, some with files, some that expire."""

from bluepacific.common.v1 import blob_pb2, handling_pb2
from tests.simulation import files
from tests.simulation.members import unit_of
from tests.simulation.messages import message_of

_URGENCIES = (
    handling_pb2.URGENCY_FLASH,
    handling_pb2.URGENCY_URGENT,
    handling_pb2.URGENCY_ROUTINE,
    handling_pb2.URGENCY_ROUTINE,
    handling_pb2.URGENCY_BULK,
)


def plan_traffic(network):
    world, schedule = network.world, network.schedule
    for _ in range(schedule.messages):
        world.after(world.chance.uniform(0, schedule.seconds * 0.9), _some, network)
    if schedule.expiry:
        for node in network.nodes.values():
            _sweep(network, node)


def _some(network):
    for _ in range(network.world.chance.choice((1, 1, 2, 8)) if network.schedule.bursts else 1):
        _send(network)


def _sweep(network, node):
    node.sweep()
    network.world.after(60, _sweep, network, node)


def _send(network):
    chance, world = network.world.chance, network.world
    senders = [one.node_id for one in network.honest]
    sender = chance.choice(senders)
    others = [one for one in network.nodes if one != sender]
    many = chance.random() < 0.2
    recipients = chance.sample(others, min(len(others), chance.randint(2, 5) if many else 1))
    fields = {"urgency": chance.choice(_URGENCIES)}
    if world.odds(0.7):
        fields["conversation"] = f"requests/{chance.randrange(2)}"
    node = network.nodes[sender]
    if network.schedule.expiry and world.odds(0.3):
        # Longer than the network is broken, by most clocks.
        expires = int(node.clock().timestamp()) + chance.randint(20, 4000)
        fields["expire_time"] = {"seconds": expires}
    sealed = []
    if network.schedule.with_files and node.is_up and world.odds(0.3):
        content = chance.randbytes(chance.choice((1000, 20_000, 50_000)))
        digest, key = files.put(node, content)
        fields["blobs"] = [blob_pb2.Blob(digest=digest, size_bytes=len(content))]
        sealed = [key]
    message = message_of(world, sender, [unit_of(one) for one in recipients], **fields)
    if chance.random() < 0.05:
        # A unit of the sender's own, too.
        message.recipients.append(unit_of(sender))
    world.tell(sender, "sends", message.message_id[-6:], f"to {','.join(recipients)}", message.conversation or "-")
    node.send(message, sealed)
    if world.odds(0.1):
        # An outbox that did not hear the answer.
        world.after(chance.uniform(0, 60), node.send, message, sealed)


def recipients_at(network, message):
    """Returns the ids of the nodes that a message is for."""
    named = {unit_of(one): one for one in network.nodes}
    return {named[one] for one in message.recipients}
