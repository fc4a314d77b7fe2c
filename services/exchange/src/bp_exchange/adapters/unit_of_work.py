"""Puts one transaction's parts together, and wakes whoever waits for what it wrote once it has committed."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bp_exchange.adapters.batches import SqlBatches
from bp_exchange.adapters.bells import Bells
from bp_exchange.adapters.contents import SqlContents
from bp_exchange.adapters.deliveries import SqlDeliveries
from bp_exchange.adapters.envelopes import SqlEnvelopes, SqlLadder, SqlReceipts
from bp_exchange.adapters.epochs import SqlEpochs
from bp_exchange.adapters.files import SealedStore, SqlFiles
from bp_exchange.adapters.journal import SqlJournal
from bp_exchange.adapters.key_folder import KeyFolder
from bp_exchange.adapters.leases import Leases
from bp_exchange.adapters.queue import SqlQueue
from bp_exchange.adapters.register_keeper import RegisterKeeper
from bp_exchange.protocol.keys import NodeKeys
from bp_exchange.usecases.bells import REGISTER_WRITTEN
from bp_exchange.usecases.work import Work
from bp_kit.database import Database
from bp_kit.ports import Seams
from bp_verify.trust import Trusted


@dataclass(frozen=True)
class House:
    """What a node's exchange consists of; makes `Work` on a session.

    Attributes:
        database: The exchange's own.
        seams: The outside.
        folder: The node's keys and certificates.
        register: Whom it believes.
        sealed: Encrypted files on their way.
        bells: Wakes the links and the subscribers.
        leases: What only one of the node's processes does.
    """

    database: Database
    seams: Seams
    folder: KeyFolder
    register: RegisterKeeper
    sealed: SealedStore
    bells: Bells
    leases: Leases

    @property
    def keys(self) -> NodeKeys:
        """What the node signs and opens with now; asked for anew each time, for keys are replaced while it runs."""
        return self.register.keys

    async def on(self, session: AsyncSession) -> Work:
        """Returns the parts that work on this session; the node's row is held until it ends."""
        await self.register.ensure()
        clock = self.seams.clock
        rung: set[str] = set()

        async def held_register() -> Trusted | None:
            return await self.register.held(session)

        async def keep_register(trusted: Trusted) -> None:
            await self.register.keep(session, trusted)
            rung.add(REGISTER_WRITTEN)

        self.bells.ring_after(session, rung)
        return Work(
            envelopes=SqlEnvelopes(session),
            ladder=SqlLadder(session),
            receipts=SqlReceipts(session, clock),
            queue=SqlQueue(session, clock),
            deliveries=SqlDeliveries(session),
            files=SqlFiles(session, clock),
            contents=SqlContents(session),
            batches=SqlBatches(session),
            epochs=SqlEpochs(session, clock),
            journal=await SqlJournal.hold(session, self.keys.node_id, self.seams.ids),
            keys=self.keys,
            directory=self.register.directory,
            held_register=held_register,
            keep_register=keep_register,
            ring=rung.add,
            clock=clock,
            ids=self.seams.ids,
            random=os.urandom,
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Work]:
        """Opens a transaction of its own, committed at its end."""
        async with self.database.write() as session:
            yield await self.on(session)
