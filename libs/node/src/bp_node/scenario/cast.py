"""The people of the day, signed in at their own gateways, and the region they work in."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from bp_client import AsyncBluePacific
from bp_node.failure import CommandError
from bp_node.region import control
from bp_node.region.plan import REGION_FILE


@dataclass
class Cast:
    """Who takes part.

    Attributes:
        state: The region's state folder.
        region: What the region says of itself.
        run_id: Different in each run, for names of records; letters and digits.
    """

    state: Path
    region: dict[str, Any]
    run_id: str
    _passwords: dict[str, str]
    _stack: contextlib.AsyncExitStack
    _clients: dict[str, AsyncBluePacific] = field(default_factory=dict)
    _mails: dict[str, EmailMessage] = field(default_factory=dict)

    def name(self, node: str, officer: str) -> str:
        """Returns `countries/FJI/officers/ana`."""
        return f"countries/{self.region['nodes'][node]['country']}/officers/{officer}"

    async def person(self, node: str, officer: str) -> AsyncBluePacific:
        """Returns the client of a person, signed in.

        Raises:
            Problem: The gateway refused.
        """
        name = self.name(node, officer)
        if name not in self._clients:
            client = await self.stranger(node)
            await client.sign_in(officer, self._passwords[name])
            self._clients[name] = client
        return self._clients[name]

    async def stranger(self, node: str) -> AsyncBluePacific:
        """Returns a client of a gateway at which nobody signed in."""
        return await self._stack.enter_async_context(AsyncBluePacific(self.region["nodes"][node]["url"]))

    async def ask(self, verb: str, node: str) -> dict[str, Any]:
        """Asks the region to hold, release or kill a node, or how it is."""
        return await control.ask(Path(self.region["control"]), verb, node)

    def mails(self) -> dict[str, EmailMessage]:
        """Returns every e-mail that arrived so far, by file name, oldest first; each is read once."""
        for file in sorted(Path(self.region["maildir"]).glob("*.eml")):
            if file.name not in self._mails:
                message = message_from_bytes(file.read_bytes(), policy=policy.default)
                assert isinstance(message, EmailMessage)
                self._mails[file.name] = message
        return self._mails

    def span_folders(self) -> list[Path]:
        """Returns the nodes' folders, whose span stores hold the traces."""
        return [Path(node["dir"]) for node in self.region["nodes"].values()]


def read_region(state: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Returns what a running region says of itself, and the passwords of its people.

    Raises:
        CommandError: No region was started with that state folder.
    """
    try:
        region = json.loads((state / REGION_FILE).read_text())
        return region, json.loads(Path(region["people"]).read_text())
    except FileNotFoundError as error:
        raise CommandError(f"no region has been started in {state}: run `bluepacific region` first") from error
    except (OSError, ValueError, KeyError) as error:
        raise CommandError(f"{state / REGION_FILE} cannot be read: start the region again") from error
