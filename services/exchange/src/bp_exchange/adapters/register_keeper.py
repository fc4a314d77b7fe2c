"""The register this node believes: kept in the database, taken over from the key folder after enrolment."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.exchange.v1 import register_pb2
from bp_exchange.adapters.bells import Bells
from bp_exchange.adapters.key_folder import REGISTER, KeyFolder
from bp_exchange.adapters.tables import RegisterRow
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.writing import add_new
from bp_exchange.protocol.register import Directory
from bp_exchange.usecases.bells import REGISTER_CURRENT
from bp_kit.database import Database
from bp_verify.trust import Trusted, trust


class RegisterKeeper:
    """The current register.

    Args:
        database: The exchange's.
        folder: The node's keys; enrolment puts the first register there.
        own: This node, for as long as it is not enrolled.
        bells: Rung when another register has become current.

    Attributes:
        current: What is believed; None before enrolment.
        directory: Of it.
    """

    def __init__(self, database: Database, folder: KeyFolder, own: register_pb2.Node, bells: Bells) -> None:
        self._database = database
        self._bells = bells
        self._folder = folder
        self._node_id = own.node_id
        self._looked = False
        self.current: Trusted | None = None
        self.directory = Directory(register_pb2.Register(nodes=[own]))

    @property
    def is_centre(self) -> bool:
        """Whether this node is the centre."""
        node = self.directory.nodes.get(self._node_id)
        return node is not None and node.centre

    async def ensure(self) -> None:
        """Reads the register unless that was done: nothing may be refused because the node has only just started."""
        if not self._looked:
            await self.load()

    @unbroken
    async def load(self) -> bool:
        """Reads the register anew; True when it has changed.

        Raises:
            RegisterNotTrustedError: What the folder or the database has proves nothing.
        """
        async with self._database.read() as session:
            found = await self.held(session)
        self._looked = True
        changed = found is not None and not self._is(found)
        if found is not None and changed:
            self.current = found
            self.directory = Directory(found.register)
            self._bells.ring([REGISTER_CURRENT])
        return changed

    async def held(self, session: AsyncSession) -> Trusted | None:
        """Returns the register as a transaction sees it: what is changed must be changed from this."""
        row = await session.get(RegisterRow, self._node_id)
        kept = trust(register_pb2.RegisterBundle.FromString(row.bundle), None) if row else None
        return self._from_folder(kept)

    def _from_folder(self, kept: Trusted | None) -> Trusted | None:
        """After a new enrolment the folder has another network's root, or the same network's newer register."""
        raw = self._folder.read(REGISTER)
        if not raw:
            return kept
        given = trust(register_pb2.RegisterBundle.FromString(raw), None)
        if kept is None or given.bundle.roots[0] != kept.bundle.roots[0]:
            return given
        return max(kept, given, key=lambda one: (one.version, one.timestamp_version))

    def _is(self, found: Trusted) -> bool:
        known = self.current
        return known is not None and (known.version, known.timestamp_version, known.bundle.roots[0]) == (
            found.version,
            found.timestamp_version,
            found.bundle.roots[0],
        )

    async def keep(self, session: AsyncSession, trusted: Trusted) -> None:
        """Writes a verified register within a transaction; `load` makes it current after the commit."""
        bundle = trusted.bundle.SerializeToString(deterministic=True)
        await add_new(session, RegisterRow, [{"node_id": self._node_id, "bundle": bundle}])
        await session.execute(
            update(RegisterRow)
            .where(RegisterRow.node_id == self._node_id)
            .values(bundle=bundle)
            .execution_options(synchronize_session=False)
        )

    def is_fresh(self, now: datetime) -> bool:
        """Tells whether the register's timestamp has not expired."""
        return self.current is not None and now < self.current.expires

    def is_due(self, now: datetime, fresh: timedelta) -> bool:
        """Tells whether the timestamp has lived half of its time."""
        return self.current is not None and self.current.expires - now < fresh / 2
