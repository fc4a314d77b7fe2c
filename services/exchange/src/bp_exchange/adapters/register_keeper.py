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
from bp_exchange.protocol.freshness import Policy, Standing, Timestamp
from bp_exchange.protocol.register import Directory
from bp_exchange.usecases.bells import REGISTER_CURRENT
from bp_kit.database import Database
from bp_kit.ports import Clock, system_clock
from bp_verify.trust import Trusted, trust

_NOTED_EACH = timedelta(hours=1)
_USUAL = Policy()


class RegisterKeeper:
    """The current register.

    Args:
        database: The exchange's.
        folder: The node's keys; enrolment puts the first register there.
        own: This node, for as long as it is not enrolled.
        bells: Rung when another register has become current.
        clock: The time now.
        policy: How long it can be relied on.

    Attributes:
        current: What is believed; None before enrolment.
        directory: Of it, without nodes that it had not while it was fresh.
        keys: What this node signs and opens with, as the register has it.
    """

    def __init__(
        self,
        database: Database,
        folder: KeyFolder,
        own: register_pb2.Node,
        bells: Bells,
        *,
        clock: Clock = system_clock,
        policy: Policy = _USUAL,
    ) -> None:
        self._database = database
        self._bells = bells
        self._folder = folder
        self._node_id = own.node_id
        self._own = own
        self._clock = clock
        self._policy = policy
        self._looked = False
        self._timestamp: Timestamp | None = None
        # The nodes that the register had while it was last fresh; None when that is not known.
        self._admitted: frozenset[str] | None = None
        # As it was last written; what is written each minute costs a small machine its disk.
        self._noted: tuple[datetime, frozenset[str] | None] | None = None
        self.current: Trusted | None = None
        self.directory = Directory(register_pb2.Register(nodes=[own]))
        self.keys = folder.keys()

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
    async def load(self) -> None:
        """Reads the register anew.

        Raises:
            RegisterNotTrustedError: What the folder or the database has proves nothing.
        """
        async with self._database.read() as session:
            row = await session.get(RegisterRow, self._node_id)
            found = self._from_folder(_trusted(row))
        self._looked = True
        if found is not None and not self._is(found):
            self._take(found, row)
            self._bells.ring([REGISTER_CURRENT])

    def _take(self, found: Trusted, row: RegisterRow | None) -> None:
        now = self._clock()
        if self._admitted is None and row is not None and row.admitted is not None:
            self._admitted = frozenset(row.admitted)
        # The folder's register is not in the database yet.
        is_noted = row is not None and row.receive_time is not None and row.bundle == _bytes(found)
        received = row.receive_time if row is not None and is_noted else None
        latest = row.latest_time if row is not None and is_noted else None
        self._timestamp = Timestamp(found.expires, received or now, latest or received or now)
        self.current = found
        named = frozenset(node.node_id for node in found.register.nodes)
        if self._admitted is None or self.standing.admits:
            self._admitted = named
        self.directory = self._directory(found.register, self._admitted)
        self.keys = self._folder.keys(self.directory.nodes.get(self._node_id))

    def _directory(self, register: register_pb2.Register, admitted: frozenset[str]) -> Directory:
        """Before a second person has confirmed this node, it knows the others, and itself."""
        if all(node.node_id != self._node_id for node in register.nodes):
            nodes = [*register.nodes, self._own]
            register, admitted = (
                register_pb2.Register(version=register.version, nodes=nodes),
                admitted | {self._node_id},
            )
        return Directory(register, admitted)

    @property
    def standing(self) -> Standing:
        """How far the register can be relied on now; a node without one relies on nothing."""
        return Standing.STALE if self.age is None else self._policy.standing(self.age)

    @property
    def age(self) -> timedelta | None:
        """How old the register's timestamp is; None before enrolment."""
        if self._timestamp is None:
            return None
        self._timestamp = self._timestamp.at(self._clock())
        return self._timestamp.age(self._policy)

    def allows(self, urgency: int) -> bool:
        """Tells whether something of that urgency, a number of `Urgency`, may leave now."""
        return self.standing.allows(urgency)

    async def note(self) -> None:
        """Keeps how old the register is, so that neither a restart nor a clock that was set back makes it younger."""
        if self.age is None or self._timestamp is None or self.current is None:
            return
        noted, latest = self._noted, self._timestamp.latest
        if noted and latest - noted[0] < _NOTED_EACH and noted[1] == self._admitted:
            return
        values = {
            "receive_time": self._timestamp.received,
            "latest_time": latest,
            "admitted": sorted(self._admitted) if self._admitted is not None else None,
        }
        async with self._database.write() as session:
            row = await session.get(RegisterRow, self._node_id, with_for_update=True)
            held = self._from_folder(_trusted(row))
            if held is None or not self._is(held):
                # A newer one has just been written; it has an age of its own.
                return
            await self._write(session, {"bundle": _bytes(self.current), **values})
        self._noted = (latest, self._admitted)

    async def held(self, session: AsyncSession) -> Trusted | None:
        """Returns the register as a transaction sees it: what is changed must be changed from this."""
        return self._from_folder(_trusted(await session.get(RegisterRow, self._node_id)))

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
        kept = _trusted(await session.get(RegisterRow, self._node_id, with_for_update=True))
        values: dict[str, object] = {"bundle": _bytes(trusted)}
        if kept is None or kept.timestamp_version != trusted.timestamp_version:
            now = self._clock()
            values |= {"receive_time": now, "latest_time": now}
        await self._write(session, values)

    async def _write(self, session: AsyncSession, values: dict[str, object]) -> None:
        await add_new(session, RegisterRow, [{"node_id": self._node_id, **values}])
        await session.execute(
            update(RegisterRow)
            .where(RegisterRow.node_id == self._node_id)
            .values(**values)
            .execution_options(synchronize_session=False)
        )

    def is_due(self, now: datetime, fresh: timedelta) -> bool:
        """Tells whether the timestamp has lived half of its time."""
        return self.current is not None and self.current.expires - now < fresh / 2


def _trusted(row: RegisterRow | None) -> Trusted | None:
    return trust(register_pb2.RegisterBundle.FromString(row.bundle), None) if row else None


def _bytes(trusted: Trusted) -> bytes:
    return trusted.bundle.SerializeToString(deterministic=True)
