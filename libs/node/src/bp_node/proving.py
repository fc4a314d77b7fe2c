"""`proof export` and `proof root`: what a running node can prove of a message, and the root that it is checked with."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

from bluepacific.exchange.v1 import proof_service_pb2
from bp_client import Problem
from bp_node.failure import CommandError, told_plainly
from bp_node.operator import operating
from bp_node.screen import say, say_json
from bp_node.settings import NodeSettings, load

_OFFICER = "data_protection_officer"


def export(directory: Path, message_id: str, to: Path, *, with_content: bool, as_json: bool) -> None:
    """Writes a message's proof into a file that only this user can read.

    Raises:
        CommandError: The node does not run or has no such message, or the file cannot be made.
    """
    settings = load(directory)
    name = f"countries/{settings.country}/messages/{message_id}"
    request = proof_service_pb2.ExportProofRequest(name=name, with_content=with_content)
    try:
        raw = asyncio.run(_export(settings, request))
    except Problem as problem:
        raise CommandError(f"{settings.node_id} did not export a proof of {message_id}: {problem.detail}") from problem
    _write(to, raw)
    digest = hashlib.sha256(raw).hexdigest()
    if as_json:
        say_json({"message": message_id, "file": str(to), "bytes": len(raw), "sha256": digest})
    else:
        say(f"{to}: proof of {message_id} by {settings.node_id}, {len(raw)} bytes, SHA-256 {digest}")
        say(f"check it anywhere: bluepacific-verify {to} --root ROOT.json")


def root(directory: Path, to: Path, *, as_json: bool) -> None:
    """Writes the register's root, with which proofs of this network are checked.

    Raises:
        CommandError: The node does not run or is in no register, or the file cannot be made.
    """
    settings = load(directory)
    try:
        raw = asyncio.run(_root(settings))
    except Problem as problem:
        raise CommandError(f"{settings.node_id} did not show its register: {problem.detail}") from problem
    _write(to, raw)
    digest = hashlib.sha256(raw).hexdigest()
    if as_json:
        say_json({"file": str(to), "sha256": digest})
    else:
        say(f"{to}: root of the register that {settings.node_id} believes, SHA-256 {digest}")
        say("compare this SHA-256 with another node's before relying on it")


async def _export(settings: NodeSettings, request: proof_service_pb2.ExportProofRequest) -> bytes:
    async with operating(settings, _OFFICER) as client:
        return b"".join([piece.data async for piece in client.exchange.proofs.ExportProof(request)])


async def _root(settings: NodeSettings) -> bytes:
    async with operating(settings, _OFFICER) as client:
        bundle = await client.exchange.proofs.GetRegister(proof_service_pb2.GetRegisterRequest())
        return bundle.roots[0]


def _write(file: Path, content: bytes) -> None:
    """Never over a file that is there: it may be another proof."""
    with told_plainly("write", file):
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
