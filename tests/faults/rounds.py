"""All scenes by name, and what a machine needs to play them."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from functools import partial

from tests.faults.region import Region
from tests.faults.scenes import clocks, disks, killing, links, members, power

Scene = Callable[[Region, random.Random], Awaitable[str]]

SCENES: dict[str, Scene] = {
    "stopped": links.stopped,
    "half-open": links.half_open,
    "file-over-20-cuts": links.file_over_cuts,
    "killed": killing.killed_at_random,
    "power-letters": power.letters_survive,
    "power-files": power.files_survive,
    "power-keys": power.keys_survive,
    "power-normal-loses": power.normal_loses,
    "disk-full": disks.full,
    "postgres-restarts": disks.postgres_restarts,
    "dark-for-weeks": clocks.dark,
    "dark-90-days": partial(clocks.dark, days=90),
    "hours-apart": clocks.hours_apart,
    "revoked": members.revoked,
    "register-stale": members.register_stale,
    "certificate-ended": members.certificate_ended,
}
# Only root may mount a small disk.
NEEDS_ROOT = frozenset({"disk-full"})
