"""KeyService."""

from __future__ import annotations

from typing import Any

from bluepacific.identity.v1 import key_service_pb2 as pb
from bluepacific.identity.v1 import key_service_pb2_grpc as grpc_
from bp_identity.adapters.keys import KeyFolder


class KeyServicer(grpc_.KeyServiceServicer):
    """The keys that verify this node's tokens.

    Args:
        keys: The node's keys.
    """

    def __init__(self, keys: KeyFolder) -> None:
        self._keys = keys

    async def GetKeys(self, request: pb.GetKeysRequest, context: Any) -> pb.GetKeysResponse:
        """Gives the public keys."""
        return pb.GetKeysResponse(jwks=self._keys.jwks())
