"""`make faults`: plays scenes again and again, a line each, and ends with `faults N failed M`.

    python -m tests.faults [--rounds N] [--kills N] [--seed S] [scene ...]

`--kills` adds a round of that many kills (kill -9) of both ends and the centre.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
import traceback
from functools import partial
from pathlib import Path

from tests.faults.region import Region
from tests.faults.rounds import NEEDS_ROOT, SCENES, Scene
from tests.faults.scenes import killing


async def play(name: str, scene: Scene, seed: int) -> bool:
    """Plays a scene in a region of its own; tells how it went, and whether it held."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bp-faults-", ignore_cleanup_errors=True) as folder:
        try:
            async with Region(Path(folder)) as region:
                ready = time.monotonic()
                saw = await scene(region, random.Random(seed))
        except Exception as error:  # noqa: BLE001 - a broken promise of any kind is counted, and the next scene played
            print(f"FAILED {name} (seed {seed}): {error}", flush=True)
            traceback.print_exc()
            return False
    print(f"ok {name} (seed {seed}): {saw}; {time.monotonic() - ready:.0f} s after {ready - begun:.0f} s", flush=True)
    return True


async def main(asked: argparse.Namespace) -> int:
    """Plays what was asked for; returns how many failed."""
    names = asked.scenes or [name for name in SCENES if name not in NEEDS_ROOT or os.geteuid() == 0]
    chance = random.Random(asked.seed)
    scenes = [(name, SCENES[name]) for _ in range(asked.rounds) for name in names]
    if asked.kills:
        scenes.append((f"killed {asked.kills} times", partial(killing.killed_at_random, kills=asked.kills)))
    failed = 0
    for number, (name, scene) in enumerate(scenes, 1):
        print(f"{number}/{len(scenes)} ", end="", flush=True)
        failed += not await play(name, scene, chance.randrange(1 << 32))
    print(f"faults {len(scenes)} failed {failed}")
    return failed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", nargs="*", choices=[*SCENES, []], help="which; all when none is named")
    parser.add_argument("--rounds", type=int, default=1, help="how often each")
    parser.add_argument("--kills", type=int, default=0, help="and a round of that many kills")
    parser.add_argument("--seed", type=int, default=None, help="repeats the chances of an earlier run")
    sys.exit(1 if asyncio.run(main(parser.parse_args())) else 0)
