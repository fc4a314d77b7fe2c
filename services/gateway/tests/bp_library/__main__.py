"""A gateway before the library service, in a process of its own; says where in one line of JSON and ends with its standard input.

python -m bp_library inprocess|socket
"""

import asyncio
import json
import sys

from bp_gateway.app import build_app
from bp_gateway.settings import GatewaySettings
from bp_kit.testing import Harness
from bp_library.app import LibrarySettings, build
from bp_library.protos import DESCRIPTORS
from bp_library.serving import served


async def main(transport: str) -> None:
    async with Harness("sqlite", transport).run(build, LibrarySettings) as library:
        settings = GatewaySettings(access_log=False)
        app = build_app(settings, lambda _package, _country: library.channel, descriptors=DESCRIPTORS)
        async with served(app) as port:
            token = dict(library.token("countries/FJI/officers/ana", ["learner@academy"]))["authorization"]
            sys.stdout.write(json.dumps({"port": port, "authorization": token}) + "\n")
            sys.stdout.flush()
            await asyncio.to_thread(sys.stdin.read)


asyncio.run(main(sys.argv[1]))
