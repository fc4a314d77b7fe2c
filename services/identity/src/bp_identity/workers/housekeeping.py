"""Clears away what has expired, and replaces the signing key when it is old."""

from __future__ import annotations

from datetime import timedelta

from bp_identity.adapters.keys import KeyFolder
from bp_identity.adapters.proposals import forget_persons
from bp_identity.adapters.sign_in_tables import clear_expired
from bp_identity.adapters.unit_of_work import Workshop
from bp_kit.logs import get_logger
from bp_kit.rounds import come_round

_EVERY = timedelta(hours=1)
# Longer than any token lives, so that none loses its key.
# As long as a call may wait at a gateway that took it with a token of then, and an hour.
_KEEP_REPLACED = timedelta(hours=25)
_log = get_logger("bp_identity.housekeeping")


class Housekeeper:
    """Tidies once an hour; a worker.

    Args:
        workshop: Makes the parts of a transaction.
        keys: The node's keys.
        key_lifetime: A new signing key is made after this.
    """

    def __init__(self, workshop: Workshop, keys: KeyFolder, key_lifetime: timedelta) -> None:
        self._workshop = workshop
        self._keys = keys
        self._key_lifetime = key_lifetime

    async def run(self) -> None:
        """Tidies until cancelled."""
        await come_round("identity.housekeeping", self.tidy, _EVERY)

    async def tidy(self) -> None:
        """Deletes what has expired and rotates the signing key if it is due."""
        now = self._workshop.seams.clock()
        async with self._workshop.database.write() as session:
            await clear_expired(session, now)
            await forget_persons(session, now)
        self._keys.retire(now, keep=_KEEP_REPLACED)
        if self._keys.age(now) >= self._key_lifetime:
            _log.info("identity.key_rotated", key=self._keys.rotate())
