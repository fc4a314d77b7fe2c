"""What a test does to a node from inside: frames doubled and delayed, less careful SQLite."""

from __future__ import annotations

import argparse
import asyncio
import random
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from bluepacific.exchange.v1 import link_service_pb2
from bp_exchange.workers import dialling, listening
from bp_exchange.workers.links import GrpcStream

Frame = link_service_pb2.Frame
_AGAIN = 0.08
_LATE = 0.05
_LATE_SECONDS = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what `apply` reads."""
    parser.add_argument("--mischief", type=int, metavar="SEED", help="double and delay frames of the link")
    parser.add_argument("--synchronous", choices=("FULL", "NORMAL"), default="FULL", help="of SQLite")


def apply(chosen: argparse.Namespace) -> None:
    """Does it to this process, before the node is built."""
    if chosen.mischief is not None:
        MischievousStream.chance = random.Random(chosen.mischief)
        for module in (dialling, listening):
            vars(module)["GrpcStream"] = MischievousStream
    if chosen.synchronous != "FULL":
        event.listen(Engine, "begin", lambda connection: connection.exec_driver_sql("PRAGMA synchronous=NORMAL"))


class MischievousStream(GrpcStream):
    """A link whose items and acknowledgements come again, late and among newer ones, as after cuts that nobody noticed.

    What is new keeps its order: one stream of TCP never changes it, and a resend after a cut begins with the oldest.
    """

    chance = random.Random()

    def __init__(self, call: Any) -> None:
        super().__init__(call)
        self._again: list[Frame] = []

    async def read(self) -> Frame | None:
        """Returns the next frame, or one that was here before."""
        if self._again and self.chance.random() < _AGAIN:
            return self._again.pop(self.chance.randrange(len(self._again)))
        if self.chance.random() < _LATE:
            await asyncio.sleep(self.chance.uniform(0, _LATE_SECONDS))
        frame = await super().read()
        if frame is not None and frame.WhichOneof("kind") in ("item", "ack") and self.chance.random() < _AGAIN:
            self._again.append(frame)
        return frame
