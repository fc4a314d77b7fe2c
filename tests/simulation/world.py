"""Virtual time, chance, and the story: the same seed gives the same run, event by event."""

import heapq
import random
from datetime import UTC, datetime, timedelta

BEGIN = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)


class World:
    """What happens, in order.

    Args:
        seed: Of all chance.
        tell: Takes the story's lines; None keeps it untold, which is much quicker.

    Attributes:
        now: Seconds since the beginning.
        chance: The only source of it.
    """

    def __init__(self, seed, tell=None):
        self.seed = seed
        self.chance = random.Random(seed)
        self.now = 0.0
        self._tell = tell
        self._events = []
        self._count = 0

    def after(self, seconds, happens, *args):
        """Has something happen after so many seconds."""
        self._count += 1
        heapq.heappush(self._events, (self.now + seconds, self._count, happens, args))

    def run(self, until, ended=lambda: False):
        """Lets time pass; returns at that time, or when nothing is left to happen, or it has ended."""
        while self._events and self._events[0][0] <= until:
            self.now, _, happens, args = heapq.heappop(self._events)
            happens(*args)
            if ended():
                return
        self.now = max(self.now, until)

    def tell(self, who, what, *details):
        """Adds a line to the story."""
        if self._tell:
            self._tell(f"{self.now:10.3f}  {who:<6} {what}{''.join(f' {one}' for one in details)}")

    @property
    def true_time(self):
        """The time of day without any clock's error."""
        return BEGIN + timedelta(seconds=self.now)

    def odds(self, probability):
        return self.chance.random() < probability

    def new_id(self):
        """Returns an id in the shape of a UUIDv7."""
        text = f"{int(self.true_time.timestamp() * 1000):012x}7{self.chance.getrandbits(76):019x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def run(work):
    """Runs a coroutine that never waits, because all it asks of is in memory; returns what it returns."""
    try:
        work.send(None)
    except StopIteration as ended:
        return ended.value
    raise AssertionError("it waited for something outside")
