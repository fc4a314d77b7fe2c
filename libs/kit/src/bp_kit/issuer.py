"""Asks this node's identity about its tokens."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import grpc

from bluepacific.identity.v1 import key_service_pb2 as keys_pb
from bluepacific.identity.v1.key_service_pb2_grpc import KeyServiceStub
from bp_kit.keys import Standing

# Somebody's call waits for the answer, and its deadline is not much longer.
_PATIENCE_SECONDS = 5.0


class RemoteIssuer:
    """Identity, over a channel among the node's services.

    Args:
        channel: Returns the channel; asked for each time, since identity may start later.
    """

    def __init__(self, channel: Callable[[], Any]) -> None:
        self._channel = channel

    async def keys(self) -> Any:
        """Returns the JWK set."""
        answer = await KeyServiceStub(self._channel()).GetKeys(keys_pb.GetKeysRequest(), timeout=_PATIENCE_SECONDS)
        return json.loads(answer.jwks)

    async def voided(self) -> Mapping[str, float]:
        """Returns until when tokens are void, by officer or client."""
        asked = keys_pb.GetVoidedTokensRequest()
        answer = await KeyServiceStub(self._channel()).GetVoidedTokens(asked, timeout=_PATIENCE_SECONDS)
        return {one.holder: one.issue_time.ToNanoseconds() / 1e9 for one in answer.voided}

    async def standing(self, officer: str, client: str, issued: float) -> Standing | None:
        """Returns what an officer may do now; None where a token issued then does not count any more."""
        asked = keys_pb.GetStandingRequest(officer=officer, client=client)
        asked.issue_time.FromMicroseconds(round(issued * 1e6))
        try:
            answer = await KeyServiceStub(self._channel()).GetStanding(asked)
        except grpc.RpcError as error:
            if error.code() in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT):
                return None
            raise
        return Standing(tuple(answer.roles), answer.clearance)
