"""What people do with a removable medium, as calls to a node."""

from google.api import httpbody_pb2
from net import eventually

from bluepacific.common.v1 import blob_pb2
from bluepacific.exchange.v1 import lane_service_pb2 as pb
from bluepacific.exchange.v1 import lane_service_pb2_grpc as grpc_
from bp_exchange.protocol.medium import LENGTH_BYTES, MAGIC

MIB = 1024 * 1024


async def put(node, content):
    """Puts a file among a node's own, to be sent."""

    async def chunks():
        for at in range(0, len(content), 100_000):
            yield content[at : at + 100_000]

    stored = await node.blobs.put(chunks(), limit=len(content))
    return blob_pb2.Blob(digest=stored.digest, size_bytes=stored.size, media_type="image/jpeg", file_name="vessel.jpg")


async def arrived(node, digest):
    await eventually(lambda: node.blobs.has(digest))
    return node.blobs.path(digest).read_bytes()


def lanes_of(node):
    return grpc_.LaneServiceStub(node.people)


async def export(node, peer="ptccc", country=None):
    """Returns a medium's bytes."""
    call = lanes_of(node).ExportMedium(
        pb.ExportMediumRequest(peer=peer), metadata=node.token("administrator", country=country)
    )
    return b"".join([piece.data async for piece in call])


async def take(node, medium, piece=50_000):
    """Imports a medium; returns the answer."""

    async def pieces():
        for at in range(0, max(1, len(medium)), piece):
            yield pb.ImportMediumRequest(content=httpbody_pb2.HttpBody(data=medium[at : at + piece]))

    return await lanes_of(node).ImportMedium(pieces(), metadata=node.token("administrator"))


async def carry(giver, taker):
    """Takes everything owed from one node to another, and the acknowledgement back; returns the answer."""
    own = taker.settings.node_id
    answer = await take(taker, await export(giver, own))
    if answer.acknowledgement:
        await take(giver, answer.acknowledgement)
    return answer


async def lane(node, peer="ptccc"):
    answer = await lanes_of(node).GetLanes(pb.GetLanesRequest(), metadata=node.token("auditor"))
    return next(one for one in answer.lanes if one.peer == peer)


def blocks_of(medium):
    """Returns a medium's blocks, each with its length."""
    found, at = [], len(MAGIC)
    while at < len(medium):
        end = at + LENGTH_BYTES + int.from_bytes(medium[at : at + LENGTH_BYTES])
        found.append(medium[at:end])
        at = end
    return found


def medium_of(blocks):
    return MAGIC + b"".join(blocks)
