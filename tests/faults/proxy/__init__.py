"""A TCP proxy that is as bad as the links it stands for.

    async with FaultProxy(("127.0.0.1", 8443)) as proxy:      # dial 127.0.0.1:{proxy.port}
        proxy.both(rate=128_000, delay=0.3)                    # bit/s and seconds, each way
        proxy.cut()

`python -m tests.faults.proxy --help` is the same for people.
"""

from tests.faults.proxy.proxy import FaultProxy
from tests.faults.proxy.way import DOWN, UP, Way

__all__ = ["DOWN", "UP", "FaultProxy", "Way"]
