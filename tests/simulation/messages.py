"""What services hand in, and what it does where it arrives."""

from dataclasses import dataclass

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from tests.simulation.members import unit_of

OPERATION = "countries/FJI/operations/0199aaaa-5b7a-7e3c-9a1b-2f4d6c8e0a11"
TOPIC = "bluepacific.cooperation.v1.request.opened"


@dataclass(frozen=True)
class Effect:
    """What a message did at a service."""

    message_id: str
    payload: bytes
    handling: bytes
    thread: tuple
    files: tuple


def effect_of(message):
    return Effect(
        message.message_id,
        message.payload,
        message.handling.SerializeToString(deterministic=True),
        (message.author, message.conversation),
        tuple(one.digest for one in message.blobs),
    )


def message_of(world, sender, recipients, **fields):
    """Returns a message with a payload of its own."""
    message_id = world.new_id()
    tlp = world.chance.choice((handling_pb2.TLP_AMBER, handling_pb2.TLP_RED))
    values = {
        "message_id": message_id,
        "topic": TOPIC,
        "author": unit_of(sender),
        "recipients": recipients,
        "urgency": handling_pb2.URGENCY_ROUTINE,
        "payload": b"in confidence: " + message_id.encode(),
        "handling": handling_pb2.Handling(
            tlp=tlp,
            purpose=handling_pb2.PURPOSE_INVESTIGATION,
            operation=OPERATION if tlp == handling_pb2.TLP_RED else "",
        ),
        "receipts": True,
    }
    return topics_pb2.Message(**(values | fields))
