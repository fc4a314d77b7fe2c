"""Proofs of keys that clients send with their requests to the provider (DPoP, RFC 9449)."""

from __future__ import annotations

from bp_identity.adapters.oauth.web import Asked
from bp_kit.proofs import ProofReader


class Possession:
    """Reads them.

    Args:
        issuer: The node's public URL.
        reader: Takes each proof once.
    """

    def __init__(self, issuer: str, reader: ProofReader) -> None:
        self._issuer = issuer
        self._reader = reader

    def shown(self, asked: Asked, token: str = "") -> str:
        """Returns the thumbprint of the key that was shown with a request; empty where none was.

        Args:
            asked: The request.
            token: The access token that came with it; empty at the token endpoint.

        Raises:
            Refused: TOKEN_INVALID: the proof is none, or for another request or token.
        """
        proof = asked.headers.get("dpop")
        if proof is None:
            return ""
        return self._reader.take(proof, method=asked.method, address=f"{self._issuer}{asked.path}", token=token)
