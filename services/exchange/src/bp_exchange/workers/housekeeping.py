"""What has to be done now and then: expire, keep the register current and fresh, drop old encrypted files."""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta
from functools import partial

from bp_exchange.adapters.authority import Authority
from bp_exchange.adapters.bells import woken
from bp_exchange.adapters.files import SqlFiles
from bp_exchange.adapters.numbers import has_expired
from bp_exchange.adapters.reads import SqlReads
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.protocol.freshness import Standing
from bp_exchange.settings import ExchangeSettings
from bp_exchange.usecases import bells
from bp_exchange.usecases.granting import forget
from bp_exchange.usecases.renewing import retire
from bp_exchange.usecases.settling import cut_off, sweep
from bp_kit.logs import get_logger
from bp_kit.rounds import come_round

_LOOK = timedelta(seconds=5)
_DAILY = timedelta(days=1)
_READS_AT_ONCE = 1000
_log = get_logger("bp_exchange.housekeeping")


class Sweeper:
    """Ends what has expired, and tells its senders; a worker.

    Args:
        house: The exchange.
        settings: How often.
    """

    def __init__(self, house: House, settings: ExchangeSettings) -> None:
        self._house = house
        self._interval = settings.sweep_interval

    async def run(self) -> None:
        """Sweeps until cancelled."""
        await come_round("exchange.sweeping", self._sweep_all, self._interval, wait_first=True)

    async def _sweep_all(self) -> None:
        while await self._sweep():
            continue

    @unbroken
    async def _sweep(self) -> int:
        # Looked for first by reading, which holds up nobody.
        async with self._house.database.read() as session:
            if not await has_expired(session, self._house.seams.clock()):
                return 0
        async with self._house.transaction() as work:
            return await sweep(work)


class RegisterWatch:
    """Makes a written register the current one, and at the centre keeps its timestamp fresh; a worker.

    Args:
        house: The exchange.
        authority: The network's, at the centre; None elsewhere.
        settings: How long a register stays fresh.
    """

    def __init__(self, house: House, authority: Authority | None, settings: ExchangeSettings) -> None:
        self._house = house
        self._authority = authority
        self._fresh = settings.register_fresh
        self._overlap = settings.key_overlap
        # The register by which what is owed to the revoked was refused; links may have made a newer one current.
        self._cut_off_by = -1
        self._standing = Standing.FRESH
        # The version that the log has last.
        self._told = -1

    async def run(self) -> None:
        """Watches until cancelled."""
        written = asyncio.Event()
        with self._house.bells.listening(written.set, bells.REGISTER_WRITTEN):
            await come_round("exchange.register", self._look, _LOOK, rest=partial(woken, written))

    @unbroken
    async def _look(self) -> None:
        register = self._house.register
        await register.load()
        # Whoever took it.
        if register.current and register.directory.version != self._told:
            self._told = register.directory.version
            _log.info("register.current", version=self._told)
        if register.standing is not self._standing:
            self._standing = register.standing
            if register.current and not self._standing.admits:
                _log.warning("register.old", standing=self._standing.name)
        await register.note()
        if register.directory.version != self._cut_off_by:
            await self._cut_off()
            self._cut_off_by = register.directory.version
        if self._authority:
            await self._retire(self._authority)
        if self._authority and register.is_due(self._house.seams.clock(), self._fresh):
            async with self._house.transaction() as work:
                known = await work.held_register()
                if known:
                    await work.keep_register(self._authority.refresh(known))

    async def _retire(self, authority: Authority) -> None:
        """Replaced keys whose overlap is over stand for their nodes no longer; looked for in memory, which costs nothing."""
        before = self._house.seams.clock() - self._overlap
        nodes = self._house.register.directory.nodes.values()
        keys = [one for node in nodes for one in node.previous_keys if not one.retired]
        if any(one.replace_time.ToDatetime(tzinfo=UTC) < before for one in keys):
            async with self._house.transaction() as work:
                known = await work.held_register()
                if known:
                    await retire(work, authority, known, self._overlap)

    async def _cut_off(self) -> None:
        """What was owed to a node or unit that the register has revoked is refused, batch by batch."""
        directory = self._house.register.directory
        if not directory.revoked and not directory.revoked_units:
            return
        count = 1
        while count:
            async with self._house.transaction() as work:
                count = await cut_off(work)


class EpochKeeper:
    """Drops the keys of epochs that nothing can come for any more; a worker.

    Args:
        house: The exchange.
    """

    def __init__(self, house: House) -> None:
        self._house = house

    async def run(self) -> None:
        """Looks daily until cancelled."""
        await come_round("exchange.epochs", self.drop, _DAILY)

    @unbroken
    async def drop(self) -> int:
        """Returns how many keys it dropped."""
        async with self._house.transaction() as work:
            dropped = await forget(work)
        if dropped:
            _log.info("epochs.dropped", count=dropped)
        return dropped


class ReadKeeper:
    """Drops what is known of old reads of personal data; a worker.

    The log keeps the roots of their batches, which name nobody: what was exported before can be checked as before.

    Args:
        house: The exchange.
        settings: How long.
    """

    def __init__(self, house: House, settings: ExchangeSettings) -> None:
        self._house = house
        self._kept = settings.reads_kept

    async def run(self) -> None:
        """Looks daily until cancelled."""
        await come_round("exchange.reads_kept", self.drop, _DAILY)

    @unbroken
    async def drop(self) -> int:
        """Returns how many it dropped."""
        dropped = 0
        while True:
            async with self._house.database.write() as session:
                count = await SqlReads(session).forget(self._house.seams.clock() - self._kept, _READS_AT_ONCE)
            dropped += count
            if count < _READS_AT_ONCE:
                break
        if dropped:
            _log.info("reads.dropped", count=dropped)
        return dropped


class FileKeeper:
    """Drops encrypted files that were kept for others long enough; a worker.

    Args:
        house: The exchange.
        settings: How long.
    """

    def __init__(self, house: House, settings: ExchangeSettings) -> None:
        self._house = house
        self._kept = settings.files_kept

    async def run(self) -> None:
        """Looks daily until cancelled."""
        await come_round("exchange.files", self._drop, _DAILY)

    @unbroken
    async def _drop(self) -> None:
        house = self._house
        before = house.seams.clock() - self._kept
        async with house.database.read() as session:
            old = await SqlFiles(session, house.seams.clock).old(before)
        for sealed in old:
            # First the row: what has no row is given to nobody.
            async with house.database.write() as session:
                await SqlFiles(session, house.seams.clock).forget(sealed.digest)
            await house.sealed.remove(sealed.digest)
        if dropped := await house.sealed.drop_leftovers(before):
            _log.info("files.leftovers_dropped", count=dropped)
