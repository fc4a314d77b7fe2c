"""Does what a session wants done: on the database, and on the disk where files are. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import update

from bp_exchange.adapters.file_intake import FileIntake
from bp_exchange.adapters.files import SqlFiles
from bp_exchange.adapters.item_intake import ItemIntake
from bp_exchange.adapters.lane_reader import LaneReader
from bp_exchange.adapters.lanes import keep_pace
from bp_exchange.adapters.refused import count_refusals
from bp_exchange.adapters.tables import PeerRow
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.adapters.writing import add_new
from bp_exchange.protocol.session import effects as to_do
from bp_exchange.protocol.session.greeting import incarnation_of
from bp_exchange.protocol.session.session import Session
from bp_exchange.usecases.records import WantedFile
from bp_exchange.usecases.settling import settle
from bp_exchange.workers.keeping import Keeping
from bp_exchange.workers.witnessing import Witnessing
from bp_kit.logs import get_logger
from bp_verify.trust import RegisterNotTrustedError, trust

_log = get_logger("bp_exchange.link")


class Hands:
    """One link's hands.

    Args:
        house: The exchange.
        session: What it is done for, and told.
        keeping: Takes what the peer says it owes.
        witnessing: Takes what the peer says of logs.
    """

    def __init__(self, house: House, session: Session, keeping: Keeping, witnessing: Witnessing) -> None:
        self._house = house
        self._witnessing = witnessing
        self._keeping = keeping
        self._session = session
        self._peer = session.peer
        self._reader = LaneReader(house)
        self._items = ItemIntake(house, session.peer)
        self._files = FileIntake(house, session.peer)
        # What the session knows by its digest.
        self._wanted: dict[str, WantedFile] = {}
        self._doing: dict[type[to_do.Effect], Callable[[Any], Awaitable[None]]] = {
            to_do.Greeted: self._note,
            to_do.Believe: self._believe,
            to_do.Pass: self._pass,
            to_do.LookInQueue: self._look_in_queue,
            to_do.KeepPace: self._keep_pace,
            to_do.Store: self._store,
            to_do.Settle: self._settle,
            to_do.FindFile: self._find,
            to_do.ReadPiece: self._read,
            to_do.WritePiece: self._write,
            to_do.LookForFiles: self._look_for_files,
            to_do.FinishFile: self._finish,
        }

    async def do(self, effect: to_do.Effect) -> None:
        """Does one thing, and tells the session what became of it.

        Raises:
            SessionEndedError, SQLAlchemyError, OSError: The link is over.
        """
        await self._doing[type(effect)](effect)

    @unbroken
    async def _note(self, greeted: to_do.Greeted) -> None:
        values = {
            "incarnation": incarnation_of(greeted.hello),
            "last_contact_time": self._house.seams.clock(),
            "drift_millis": greeted.drift_millis,
        }
        async with self._house.database.write() as session:
            await add_new(session, PeerRow, [{"peer": self._peer, **values}])
            await session.execute(update(PeerRow).where(PeerRow.peer == self._peer).values(**values))
        self._session.greeted()
        await self._witnessing.greeted(greeted.hello)

    @unbroken
    async def _believe(self, believe: to_do.Believe) -> None:
        """Takes a newer register from the centre."""
        register = self._house.register
        try:
            trusted = trust(believe.bundle, register.current)
        except RegisterNotTrustedError:
            _log.error("register.not_trusted", peer=self._peer)
        else:
            async with self._house.transaction() as work:
                await work.keep_register(trusted)
            # What follows on the link may be of a node that only this register knows.
            await register.load()
        self._session.believed()

    async def _pass(self, passed: to_do.Pass) -> None:
        """Gives a frame to the room that takes it; one that nobody knows is of a newer release."""
        if passed.frame.HasField("owed"):
            await self._keeping.take(passed.frame.owed)
        await self._witnessing.take(passed.frame)
        self._session.passed()

    async def _look_in_queue(self, look: to_do.LookInQueue) -> None:
        found = await self._reader.look(self._peer, under_way=look.under_way, limit=look.limit, ahead=look.ahead)
        self._session.found([to_do.Waiting(item.urgency, framed) for item, framed in found.items], more=found.more)

    @unbroken
    async def _keep_pace(self, pace: to_do.KeepPace) -> None:
        async with self._house.database.write() as session:
            await keep_pace(session, self._peer, pace.rate, self._house.seams.clock())

    async def _store(self, store: to_do.Store) -> None:
        checked = await self._items.take(store.items)
        for ground in checked.refused.values():
            _log.warning("link.item_refused", peer=self._peer, ground=ground)
        await count_refusals(self._house, self._peer, checked.refused.values())
        self._session.stored(checked.positions, checked.refused)

    @unbroken
    async def _settle(self, acknowledged: to_do.Settle) -> None:
        async with self._house.transaction() as work:
            await settle(work, self._peer, acknowledged.stored, acknowledged.refused)
        self._session.settled([*acknowledged.stored, *acknowledged.refused])

    @unbroken
    async def _find(self, find: to_do.FindFile) -> None:
        async with self._house.database.read() as session:
            sealed = await SqlFiles(session, self._house.seams.clock).find_sealed(find.digest)
        self._session.file_found(find.digest, sealed.size if sealed else 0)

    async def _read(self, piece: to_do.ReadPiece) -> None:
        try:
            data = await self._house.sealed.read(piece.digest, piece.offset, piece.size)
        except FileNotFoundError:
            _log.error("files.lost", peer=self._peer)
            data = b""
        self._session.piece_read(piece.digest, piece.offset, data)

    async def _write(self, piece: to_do.WritePiece) -> None:
        await self._house.sealed.write(piece.digest, piece.offset, piece.data)
        self._session.piece_written(piece.digest, len(piece.data))

    async def _look_for_files(self, look: to_do.LookForFiles) -> None:
        files = []
        for file in await self._files.wanted(look.limit):
            digest = file.sealed.digest
            if digest in look.asked:
                continue
            if await self._files.is_here(file):
                await self._files.got(file, kept=False)
                continue
            self._wanted[digest] = file
            have = await self._house.sealed.have(digest)
            files.append(to_do.Wanted(digest, file.sealed.size, file.urgency, have))
        self._session.wanted(files)

    async def _finish(self, finish: to_do.FinishFile) -> None:
        file = self._wanted.pop(finish.digest)
        # Its key may have come meanwhile.
        file = await self._files.find(finish.digest) or file
        whole = await self._house.sealed.finish(file.sealed)
        if whole:
            await self._files.take(file)
        else:
            # Bytes of another file, or lost when power failed.
            _log.warning("files.digest_differs", peer=self._peer)
        self._session.file_finished(finish.digest, whole=whole)
