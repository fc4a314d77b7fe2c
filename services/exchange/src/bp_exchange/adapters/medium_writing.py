"""Writes a medium: everything that is owed to a peer, block by block, in constant memory. It changes nothing.

First the register, from the centre, because who is in it may have sealed what follows; then the items, the most urgent first; then the
files they announce, and those that the peer asked for. What is queued while it is written may or may not be in it, and is owed as before.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from bluepacific.exchange.v1 import link_service_pb2, medium_pb2
from bp_exchange.adapters.file_intake import FileIntake
from bp_exchange.adapters.files import SqlFiles
from bp_exchange.adapters.lane_reader import LaneReader
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.protocol.envelope import header_of
from bp_exchange.protocol.medium import MAGIC, MAX_ACKS, MAX_ITEMS, MAX_WANTS, VERSION, network_of, sign_block
from bp_exchange.usecases.records import QueueItem, SealedFile
from bp_kit.errors import Refused

_PAGE = MAX_ITEMS
_BLOCK_BYTES = 1024 * 1024
_PIECE_BYTES = 256 * 1024
_FIRST = (0, 0)


class MediumWriter:
    """One export to a peer.

    Args:
        house: The exchange.
        peer: Its node id.

    Raises:
        Refused: NOT_FOUND: it is no peer of this node, or revoked; UNAVAILABLE: this node is not enrolled yet.
    """

    def __init__(self, house: House, peer: str) -> None:
        check_peer(house, peer)
        if house.register.directory.trusted(peer) is None:
            raise Refused("NOT_FOUND", name=peer)
        current = house.register.current
        if current is None:
            raise Refused("UNAVAILABLE")
        self._house = house
        self._peer = peer
        self._current = current
        self._reader = LaneReader(house)
        self._files: dict[str, None] = {}
        self._medium_id = house.seams.ids()
        self._number = 0

    async def write(self) -> AsyncIterator[bytes]:
        """Yields the medium's bytes."""
        yield MAGIC
        if self._house.register.is_centre:
            yield await self._block(register=self._current.bundle)
        async for items in self._items():
            yield await self._block(items=items)
        for digest in dict.fromkeys([*self._files, *await self._asked()]):
            async for chunk in self._chunks(digest):
                yield await self._block(chunks=[chunk])
        yield await self._block(wants=await self._wants(), last=True)

    async def acknowledge(self, stored: Sequence[str], refused: Sequence[medium_pb2.RefusedMediumItem]) -> bytes:
        """Returns a whole medium that says what of the peer's is safely here, and what will never be taken."""
        acks = [medium_pb2.MediumAck(stored=stored[at : at + MAX_ACKS]) for at in range(0, len(stored), MAX_ACKS)]
        acks += [medium_pb2.MediumAck(refused=refused[at : at + MAX_ACKS]) for at in range(0, len(refused), MAX_ACKS)]
        blocks = [await self._block(ack=one) for one in acks]
        return b"".join([MAGIC, *blocks, await self._block(wants=await self._wants(), last=True)])

    async def _block(self, **fields: object) -> bytes:
        content = medium_pb2.MediumContent(
            version=VERSION,
            network=network_of(self._current.bundle.roots[0]),
            from_node=self._house.keys.node_id,
            to_node=self._peer,
            medium_id=self._medium_id,
            number=self._number,
            **fields,  # type: ignore[arg-type] # the names are the proto's
        )
        content.create_time.FromDatetime(self._house.seams.clock())
        self._number += 1
        return await asyncio.to_thread(sign_block, content, self._house.keys)

    async def _items(self) -> AsyncIterator[list[medium_pb2.MediumItem]]:
        held: list[medium_pb2.MediumItem] = []
        size = 0
        after = _FIRST
        while page := await self._reader.page(self._peer, after, _PAGE):
            after = (page[-1][0].urgency, page[-1][0].position)
            for queued, item in page:
                if self._has_expired(queued) or not self._house.register.allows(queued.urgency):
                    continue
                self._note_files(item)
                if held and (size + queued.size > _BLOCK_BYTES or len(held) == _PAGE):
                    yield held
                    held, size = [], 0
                held.append(medium_pb2.MediumItem(item_id=queued.item_id, item=item, attempt=queued.attempt))
                size += queued.size
        if held:
            yield held

    def _has_expired(self, item: QueueItem) -> bool:
        return item.expire_time is not None and item.expire_time <= self._house.seams.clock()

    def _note_files(self, item: link_service_pb2.Item) -> None:
        if item.HasField("envelope"):
            self._files.update(dict.fromkeys(blob.digest for blob in header_of(item.envelope).blobs))

    async def _chunks(self, digest: str) -> AsyncIterator[link_service_pb2.BlobChunk]:
        """Yields a file in pieces; one that is not whole here yet, or is lost, is left to the link or to a later medium."""
        sealed = await self._find(digest)
        offset = 0
        while sealed and offset < sealed.size:
            try:
                data = await self._house.sealed.read(digest, offset, _PIECE_BYTES)
            except FileNotFoundError:
                return
            if not data:
                return
            yield link_service_pb2.BlobChunk(digest=digest, offset=offset, data=data)
            offset += len(data)

    @unbroken
    async def _asked(self) -> list[str]:
        async with self._house.database.read() as session:
            return await SqlFiles(session, self._house.seams.clock).asked(self._peer)

    async def _wants(self) -> medium_pb2.MediumWants:
        wanted = await FileIntake(self._house, self._peer).wanted(MAX_WANTS)
        return medium_pb2.MediumWants(digests=[one.sealed.digest for one in wanted])

    @unbroken
    async def _find(self, digest: str) -> SealedFile | None:
        async with self._house.database.read() as session:
            return await SqlFiles(session, self._house.seams.clock).find_sealed(digest)


def check_peer(house: House, peer: str) -> None:
    """Tells that a node is a peer of this one, revoked or not.

    Raises:
        Refused: NOT_FOUND.
    """
    if peer not in peers_of(house):
        raise Refused("NOT_FOUND", name=peer)


def peers_of(house: House) -> list[str]:
    """Returns the ids of the nodes that this one has links to: of a country the centre, of the centre everybody."""
    directory, own = house.register.directory, house.keys.node_id
    at_centre = directory.nodes[own].centre
    return [node.node_id for node in directory.nodes.values() if node.node_id != own and (at_centre or node.centre)]
