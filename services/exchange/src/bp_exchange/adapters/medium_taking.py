"""Takes a medium, block by block, in constant memory. What verifies takes effect at once and once; the rest changes nothing.

A block is what a link's batch is: stored in one transaction before it is acknowledged. A cut in the middle costs nothing, since the same
medium may be taken again; what was here already is only acknowledged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC

from bluepacific.exchange.v1 import link_service_pb2, medium_pb2, register_pb2
from bp_exchange.adapters.file_intake import FileIntake
from bp_exchange.adapters.files import SealedStore, SqlFiles
from bp_exchange.adapters.item_intake import ItemIntake
from bp_exchange.adapters.lanes import positions_of, refusable
from bp_exchange.adapters.refused import count_refusals
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.protocol.medium import MediumRefusedError, network_of, verify_block
from bp_exchange.usecases.records import WantedFile
from bp_exchange.usecases.settling import settle
from bp_kit.errors import Refused
from bp_kit.logs import get_logger
from bp_verify.trust import RegisterNotTrustedError, trust

MAX_BLOCKS = 1024
_GROUND_LETTERS = 30
_log = get_logger("bp_exchange.medium")


@dataclass
class Taken:
    """What was taken of a medium.

    Attributes:
        from_node: Who exported it.
        medium_id: The export.
        first: The lowest number of its blocks here.
        last: The highest.
        ended: Its last block was here.
        blocks: How many verified.
        damaged: How many did not.
        left: There were more than one import may have.
        stored: Ids of items that are safely here.
        refused: Grounds of items that will never be taken, by id.
        files: How many became whole.
        unused_chunks: Pieces of files that could not be used.
        acknowledged: How many own items the peer acknowledged.
        register: It had a newer register.
        refusal: Why the first block that did not verify did not.
    """

    from_node: str = ""
    medium_id: str = ""
    first: int = 0
    last: int = 0
    ended: bool = False
    blocks: int = 0
    damaged: int = 0
    left: bool = False
    stored: dict[str, None] = field(default_factory=dict)
    refused: dict[str, medium_pb2.RefusedMediumItem] = field(default_factory=dict)
    files: int = 0
    unused_chunks: int = 0
    acknowledged: int = 0
    register: bool = False
    refusal: MediumRefusedError | None = None


class MediumIntake:
    """One import.

    Args:
        house: The exchange.

    Attributes:
        taken: What was taken so far.

    Raises:
        Refused: UNAVAILABLE: this node is not enrolled yet.
    """

    def __init__(self, house: House) -> None:
        current = house.register.current
        if current is None:
            raise Refused("UNAVAILABLE")
        self.taken = Taken()
        self._house = house
        self._network = network_of(current.bundle.roots[0])
        self._imported: SealedStore | None = None
        # The file whose pieces arrive, and how much of it is here; files follow each other on a medium.
        self._arriving: tuple[WantedFile, int] | None = None

    async def take(self, raw: bytes) -> None:
        """Takes one block; more of them than one import may have are left."""
        taken = self.taken
        if taken.blocks + taken.damaged >= MAX_BLOCKS:
            taken.left = True
            return
        try:
            content = await asyncio.to_thread(
                verify_block,
                raw,
                directory=self._house.register.directory,
                own=self._house.keys.node_id,
                network=self._network,
            )
        except MediumRefusedError as refused:
            taken.damaged += 1
            taken.refusal = taken.refusal or refused
            return
        self._note(content)
        await self._take(content)

    def _note(self, content: medium_pb2.MediumContent) -> None:
        taken = self.taken
        taken.first = min(taken.first, content.number) if taken.blocks else content.number
        taken.last = max(taken.last, content.number)
        taken.from_node, taken.medium_id = content.from_node, content.medium_id
        taken.ended = taken.ended or content.last
        taken.blocks += 1

    async def _take(self, content: medium_pb2.MediumContent) -> None:
        if content.HasField("register"):
            await self._believe(content.from_node, content.register)
        if content.items:
            await self._take_items(content.from_node, content.items)
        for chunk in content.chunks:
            await self._take_chunk(content.from_node, chunk)
        if content.HasField("ack"):
            self.taken.acknowledged += await self._settle(content.from_node, content.ack)
        if content.HasField("wants"):
            await self._ask(content)

    async def _believe(self, peer: str, bundle: register_pb2.RegisterBundle) -> None:
        """Takes a newer register from the centre; an older one, as an old medium has it, is left."""
        register = self._house.register
        if not register.directory.nodes[peer].centre:
            return
        try:
            trusted = trust(bundle, register.current)
        except RegisterNotTrustedError:
            _log.info("medium.register_left", peer=peer)
            return
        known = register.current
        if known and (trusted.version, trusted.timestamp_version) <= (known.version, known.timestamp_version):
            return
        await self._keep(trusted)
        self.taken.register = True

    @unbroken
    async def _keep(self, trusted: object) -> None:
        async with self._house.transaction() as work:
            await work.keep_register(trusted)  # type: ignore[arg-type] # as `trust` gave it
        # What follows may be of a node that only this register knows.
        await self._house.register.load()

    async def _take_items(self, peer: str, items: Sequence[medium_pb2.MediumItem]) -> None:
        for at, one in enumerate(items):
            one.item.position = at
        checked = await ItemIntake(self._house, peer).take([one.item for one in items])
        self.taken.stored.update(dict.fromkeys(items[at].item_id for at in checked.positions))
        for at, ground in checked.refused.items():
            _log.warning("medium.item_refused", peer=peer, ground=ground)
            item_id, attempt = items[at].item_id, items[at].attempt
            self.taken.refused[item_id] = medium_pb2.RefusedMediumItem(item_id=item_id, ground=ground, attempt=attempt)
        await count_refusals(self._house, peer, checked.refused.values())

    async def _take_chunk(self, peer: str, chunk: link_service_pb2.BlobChunk) -> None:
        arriving = await self._file_of(peer, chunk.digest)
        if arriving is None:
            # Here already, or not announced yet.
            self.taken.unused_chunks += 1
            return
        file, have = arriving
        end = chunk.offset + len(chunk.data)
        if chunk.offset > have or end > file.sealed.size:
            self.taken.unused_chunks += 1
            return
        if end > have:
            await self._store.write(chunk.digest, chunk.offset, chunk.data)
            have = end
        self._arriving = (file, have)
        if have == file.sealed.size:
            await self._whole(peer, file)

    async def _file_of(self, peer: str, digest: str) -> tuple[WantedFile, int] | None:
        if self._arriving and self._arriving[0].sealed.digest == digest:
            return self._arriving
        intake = FileIntake(self._house, peer)
        file = await intake.find(digest)
        if file is None:
            return None
        if await intake.is_here(file):
            await intake.got(file, kept=False)
            return None
        self._arriving = (file, await self._store.have(digest))
        return self._arriving

    async def _whole(self, peer: str, file: WantedFile) -> None:
        self._arriving = None
        if not await self._store.finish(file.sealed):
            _log.warning("medium.digest_differs", peer=peer)
            self.taken.unused_chunks += 1
            return
        await self._house.sealed.adopt(self._store, file.sealed.digest)
        await FileIntake(self._house, peer).take(file)
        self.taken.files += 1

    @property
    def _store(self) -> SealedStore:
        self._imported = self._imported or self._house.sealed.imported()
        return self._imported

    @unbroken
    async def _ask(self, content: medium_pb2.MediumContent) -> None:
        async with self._house.database.write() as session:
            files = SqlFiles(session, self._house.seams.clock)
            asked = content.create_time.ToDatetime(tzinfo=UTC)
            await files.ask(content.from_node, list(content.wants.digests), asked)

    @unbroken
    async def _settle(self, peer: str, ack: medium_pb2.MediumAck) -> int:
        """Clears what the peer has from its queue, as an acknowledgement on a link does."""
        grounds = {one.item_id: one.ground[:_GROUND_LETTERS].replace("\0", "") or "REFUSED" for one in ack.refused}
        async with self._house.database.write() as session:
            work = await self._house.on(session)
            stored = await positions_of(session, peer, list(ack.stored))
            refused = await refusable(session, peer, {one.item_id: one.attempt for one in ack.refused})
            await settle(work, peer, list(stored.values()), {at: grounds[item_id] for item_id, at in refused.items()})
        return len(stored) + len(refused)
