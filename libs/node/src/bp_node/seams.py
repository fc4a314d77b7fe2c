"""The outside of a node's services: its blobs, its keys, its secrets, and the channel that joins them."""

from __future__ import annotations

from typing import Any

from bp_kit.blobs import BlobStore
from bp_kit.issuer import RemoteIssuer
from bp_kit.keys import RemoteKeys
from bp_kit.ports import Seams
from bp_kit.sealing import Sealer
from bp_node import folder
from bp_node.settings import NodeSettings


def seams_of(settings: NodeSettings, own: Any) -> Seams:
    """Returns the outside of the node's services.

    Args:
        settings: The node's.
        own: The channel among its services.
    """
    return Seams(
        country=settings.country,
        blobs=BlobStore(settings.place("blobs")),
        channel=lambda _: own,
        keys=RemoteKeys(settings.public_url, RemoteIssuer(lambda: own)),
        sealer=Sealer(folder.secret_of(settings.place("keys", "page-tokens"))),
    )
