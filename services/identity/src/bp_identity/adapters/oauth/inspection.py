"""What a token says, for whoever asks the provider about it instead of reading it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime

from joserfc import jws
from joserfc.jwk import OKPKey

from bp_identity.adapters.keys import KeyFolder
from bp_identity.domain.session import Use, judge_use
from bp_identity.usecases.sessions import find_held
from bp_identity.usecases.work import Transactions
from bp_kit.errors import Refused
from bp_kit.keys import Standing
from bp_kit.tokens import TokenVerifier

_TOLD = ("iss", "aud", "sub", "client_id", "country", "roles", "scope", "exp", "iat", "jti", "cnf")


class OwnKeys:
    """The node's own public keys and voided tokens, as a verifier asks for them.

    Args:
        keys: The node's keys.
        issuer: The issuer they sign for.
        transactions: Opens transactions.
    """

    def __init__(self, keys: KeyFolder, issuer: str, transactions: Transactions) -> None:
        self._keys = keys
        self._issuer = issuer
        self._transactions = transactions

    async def find(self, key_id: str) -> tuple[OKPKey, str] | None:
        """Returns the key of that id, or None."""
        key = self._keys.find(key_id)
        return (key, self._issuer) if key else None

    async def voided(self, holder: str) -> float:
        """Returns since when the holder's tokens count."""
        async with self._transactions() as work:
            voided = await work.voids.of(holder)
        return voided.timestamp() if voided else 0.0

    async def standing(self, officer: str, client: str, issued: float) -> Standing | None:
        """Returns None: no call to identity waits at a gateway."""
        return None


class Inspector:
    """Reads access and refresh tokens of this node.

    Args:
        keys: Verify access tokens.
        transactions: Opens transactions.
        now: The time now, in UTC.
    """

    def __init__(self, keys: OwnKeys, transactions: Transactions, now: Callable[[], datetime]) -> None:
        self._transactions = transactions
        self._verifier = TokenVerifier(keys, lambda: now().timestamp())

    async def access_claims(self, token: str, thumbprint: str | None = "") -> Mapping[str, object] | None:
        """Returns what an access token says; None where it does not count.

        Args:
            token: As sent.
            thumbprint: Of the key that its holder has shown; empty for none; None: whoever holds it.
        """
        try:
            await self._verifier.verify(token, thumbprint)
        except Refused:
            return None
        claims: dict[str, object] = json.loads(jws.extract_compact(token.encode()).payload)
        return {name: claims[name] for name in _TOLD if name in claims}

    async def claims_of(self, token: str) -> Mapping[str, object] | None:
        """Returns what a token of either kind says (RFC 7662, 2.2); None where it does not count."""
        access = await self.access_claims(token, None)
        if access is not None:
            return {**access, "token_type": "DPoP" if "cnf" in access else "Bearer"}
        async with self._transactions() as work:
            held = await find_held(work, token)
            if held is None or judge_use(*held, work.clock()) is not Use.CONTINUES:
                return None
        session, _ = held
        return {
            "sub": session.officer,
            "client_id": session.client,
            "scope": session.scope,
            "exp": int(session.expire_time.timestamp()),
        }
