"""The public keys of this node's tokens, kept on disk: identity may be as far away as the service that a call is for."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from bluepacific.identity.v1 import key_service_pb2
from bluepacific.identity.v1.key_service_pb2_grpc import KeyServiceStub
from bp_kit.disk import write_private
from bp_kit.errors import Refused
from bp_kit.keys import Standing, keys_in
from bp_kit.logs import get_logger

_SECONDS = 10.0
_log = get_logger("bp_gateway")


class KeptKeys:
    """What the gateway knows of tokens: who signed them. Whether they were voided, the service hears from identity when it decides.

    Args:
        issuer: Of the node's tokens.
        file: Where the keys are kept.
        channel: Returns the channel to identity.
    """

    def __init__(self, issuer: str, file: Path, channel: Callable[[], Any]) -> None:
        self._issuer = issuer
        self._file = file
        self._channel = channel
        self._jwks = file.read_bytes() if file.exists() else b""
        self._keys = keys_in(json.loads(self._jwks)) if self._jwks else {}
        self._asked, self._unheard = float("-inf"), False

    async def look(self) -> None:
        """Asks identity, and keeps what it tells; what was known stays known while it cannot be asked."""
        try:
            await self._ask()
        except (grpc.RpcError, Refused, JoseError, ValueError):
            _log.debug("queue.keys_unknown")

    async def find(self, key_id: str) -> tuple[OKPKey, str] | None:
        """Returns the key and its issuer, or None.

        Raises:
            Refused: UNAVAILABLE: the key is not known, and identity cannot be asked.
        """
        if key_id not in self._keys:
            await self._ask_anew()
        key = self._keys.get(key_id)
        return (key, self._issuer) if key else None

    async def voided(self, holder: str) -> float:
        """Returns 0: what was voided is asked when the call is made."""
        return 0.0

    async def standing(self, officer: str, client: str, issued: float) -> Standing | None:
        """Returns None: nothing is decided here."""
        return None

    async def _ask_anew(self) -> None:
        """Asks, but not for each stranger: within some seconds, what was heard last still holds."""
        if time.monotonic() - self._asked >= _SECONDS:
            self._asked, self._unheard = time.monotonic(), True
            with suppress(grpc.RpcError):
                await self._ask()
                self._unheard = False
        if self._unheard:
            raise Refused("UNAVAILABLE")

    async def _ask(self) -> None:
        stub = KeyServiceStub(self._channel())
        told = (await stub.GetKeys(key_service_pb2.GetKeysRequest(), timeout=_SECONDS)).jwks
        if told != self._jwks:
            write_private(self._file, told, replace=True)
            self._jwks, self._keys = told, keys_in(json.loads(told))
