"""Typed Python client of a Blue Pacific gateway.

    with BluePacific("https://node.police.example") as client:
        client.sign_in("ana", password)
        investigating = client.asking(purpose="INVESTIGATION")
        request = investigating.cooperation.requests.GetRequest(GetRequestRequest(name=name))

`AsyncBluePacific` is the same for asyncio. Calls take and give the protos' messages; refusals raise `Problem`.
"""

from __future__ import annotations

from bp_client import oidc
from bp_client.client import AsyncBluePacific, BluePacific
from bp_client.problem import FieldError, Problem, Queued

__all__ = ["AsyncBluePacific", "BluePacific", "FieldError", "Problem", "Queued", "oidc"]
