"""Calling a running node as its operator.

Whoever can read the node's keys is its operator, so commands make themselves a short token with them instead of asking for a password.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from bp_client import AsyncBluePacific
from bp_client.session import Tokens
from bp_kit.ports import new_id, system_clock
from bp_node import folder
from bp_node.settings import NodeSettings

_LIFETIME = timedelta(minutes=1)


@asynccontextmanager
async def operating(settings: NodeSettings, role: str) -> AsyncIterator[AsyncBluePacific]:
    """Gives a client of the node's own gateway, where it listens now.

    Args:
        settings: The node's.
        role: As in tokens: `auditor`.
    """
    url = str(folder.read_run_file(settings.folder).get("url") or settings.public_url)
    async with AsyncBluePacific(url) as client:
        client.session.begin(None, Tokens(_token(settings, role), float("inf")))
        yield client


def _token(settings: NodeSettings, role: str) -> str:
    from bp_identity.adapters.keys import KeyFolder  # noqa: PLC0415 - slow, and only here
    from bp_identity.adapters.tokens import SigningMinter  # noqa: PLC0415
    from bp_identity.usecases.proving import TokenSubject  # noqa: PLC0415
    from bp_node.services import settings_of  # noqa: PLC0415

    identity: Any = settings_of("identity", settings)
    minter = SigningMinter(KeyFolder(identity.key_dir, new_id), settings.public_url, _LIFETIME, new_id)
    name = f"countries/{settings.country}/clients/node-operator"
    token, _ = minter.access_token(TokenSubject(name=name, roles=[f"{role}@node"], not_after=None), system_clock())
    return token
