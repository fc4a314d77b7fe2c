"""Proofs of keys that clients send with their requests to the provider (DPoP, RFC 9449)."""

from __future__ import annotations

from bp_identity.adapters.oauth.web import Asked
from bp_kit.call import current_call
from bp_kit.ports import Clock
from bp_kit.proofs import REQUEST_MARK, proof_for
from bp_kit.taken import Taken


class Possession:
    """Reads them.

    Args:
        issuer: The node's public URL.
        clock: The time now, in UTC.
        taken: Takes each proof once.
    """

    def __init__(self, issuer: str, clock: Clock, taken: Taken) -> None:
        self._issuer = issuer
        self._clock = clock
        self._taken = taken

    async def shown(self, asked: Asked, token: str = "") -> str:
        """Returns the thumbprint of the key that was shown with a request; empty where none was.

        Args:
            asked: The request.
            token: The access token that came with it; empty at the token endpoint.

        Raises:
            Refused: TOKEN_INVALID: the proof is none, or for another request or token, or came before.
        """
        header = asked.headers.get("dpop")
        if header is None:
            return ""
        now, address = self._clock().timestamp(), f"{self._issuer}{asked.path}"
        proof = proof_for(header, now, method=asked.method, address=address, token=token)
        await self._taken.take(proof, current_call().metadata.get(REQUEST_MARK, ""))
        return proof.thumbprint
