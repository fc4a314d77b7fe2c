"""Who is at the other end of a connection: a node of the register, by the certificate that it showed."""

from __future__ import annotations

import asyncio
from typing import Any

from bluepacific.exchange.v1 import register_pb2
from bp_exchange.adapters.certificates import peer_key_digest, renewal_name
from bp_exchange.adapters.register_keeper import RegisterKeeper


async def peer_of(context: Any, register: RegisterKeeper) -> str | None:
    """Returns the node whose certificate was shown, if its key is the one in the register; None for everybody else."""
    name, digest = await _shown(context)
    if register.directory.trusted(name) is None:
        # Perhaps it was let in just now.
        await register.load()
    node = register.directory.trusted(name)
    is_member = node is not None and not node.centre and has_tls_key(node, digest)
    return name if is_member else None


async def may_renew(context: Any, register: RegisterKeeper, node_id: str) -> bool:
    """Tells whether a node's certificate was shown, or its renewal certificate."""
    name, digest = await _shown(context)
    node = register.directory.trusted(node_id)
    return node is not None and name in (node_id, renewal_name(node_id)) and has_tls_key(node, digest)


def has_tls_key(node: register_pb2.Node, digest: bytes) -> bool:
    """Tells whether a TLS key is a node's, or one that it replaced and that still stands for it."""
    previous = [one.tls_key_sha256 for one in node.previous_keys if not one.retired]
    return digest in (node.tls_key_sha256, *previous)


async def name_shown(context: Any) -> str:
    """Returns the name in the certificate that was shown, whether or not it is believed; empty where none was."""
    return (await _shown(context))[0]


async def _shown(context: Any) -> tuple[str, bytes]:
    auth = context.auth_context()
    name = b"".join(auth.get("x509_common_name", ())).decode(errors="replace")
    return name, await asyncio.to_thread(peer_key_digest, b"".join(auth.get("x509_pem_cert", ())))
