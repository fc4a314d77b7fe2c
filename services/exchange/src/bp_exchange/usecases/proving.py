"""Proving a message: what this node has of it, in one file that is checked without the platform (docs/proof-format.md)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from google.protobuf.message import DecodeError

from bluepacific.exchange.v1 import envelope_pb2, log_pb2, proof_pb2, read_pb2
from bp_exchange.protocol.envelope import header_of, sealed_content
from bp_exchange.protocol.keys import NodeKeys
from bp_exchange.protocol.merkle import Edge, path_of
from bp_exchange.protocol.proofs import Plan, plan_consistency, plan_inclusion
from bp_exchange.protocol.refusal import RefusedItemError
from bp_exchange.usecases.reading import KeptRead
from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.names import country_of
from bp_verify.messages import said_by
from bp_verify.seals import head_signed, proof_signed
from bp_verify.trust import Trusted

VERSION = 1
BATCHED_VERSION = 2
READ_VERSION = 3
_OFFICER = "data_protection_officer"


@dataclass(frozen=True)
class Held:
    """An envelope as this node has it.

    Attributes:
        envelope_id: Which.
        raw: As it travelled; empty where it did not, or where the bytes are gone.
        recipients: At whom this node follows it.
        batched: Of version 2, once it is sealed: its part of its envelope.
    """

    envelope_id: str
    raw: bytes
    recipients: tuple[str, ...]
    batched: Batched | None = None


@dataclass(frozen=True)
class Batched:
    """A message of an envelope of version 2.

    Attributes:
        batch_id: The envelope.
        position: The message's place in it.
        seals: What is kept of the envelope.
        kept: What is kept of the message.
        leaves: Of all its messages, in their order.
    """

    batch_id: str
    position: int
    seals: envelope_pb2.KeptSeals
    kept: envelope_pb2.KeptMessage
    leaves: tuple[bytes, ...]


class Tree(Protocol):
    """The log's tree."""

    async def hashes(self, plan: Plan) -> list[bytes]:
        """Returns the hashes that a plan names."""


class Evidence(Protocol):
    """What is known of one message."""

    @property
    def tree(self) -> Tree:
        """The log's tree."""

    async def held(self, envelope_id: str) -> Held | None:
        """Returns the envelope's record, or None where this node knows no such message."""

    async def head(self) -> tuple[str, Edge]:
        """Returns the log's incarnation and edge."""

    async def entries(self, envelope_id: str, size: int) -> Sequence[tuple[int, bytes]]:
        """Returns the log's first `size` leaves about an envelope, each with its position, oldest first."""

    async def receipts(self, envelope_id: str) -> list[envelope_pb2.SignedReceipt]:
        """Returns the receipts about an envelope."""

    async def lists(self, batch_id: str) -> list[envelope_pb2.SignedReceipts]:
        """Returns the lists of receipts about an envelope of version 2."""

    async def cosigned(self, position: int) -> list[tuple[log_pb2.SignedTreeHead, log_pb2.Cosignature]]:
        """Returns of each witness the earliest head in which a leaf stands, and the newest; the smallest first."""


@dataclass(frozen=True)
class Prover:
    """Who proves.

    Attributes:
        keys: This node's.
        country: The country this node speaks for.
        register: What the node believes; None before it is enrolled.
        now: By its clock.
    """

    keys: NodeKeys
    country: str
    register: Trusted | None
    now: datetime


async def prove(
    evidence: Evidence, prover: Prover, principal: Principal, message_id: str, *, with_content: bool
) -> proof_pb2.ProofFile:
    """Returns a message's proof.

    Raises:
        Refused: NOT_FOUND, also where the caller may not see it; PERMISSION_DENIED for the content; NOT_ENROLLED; CONTENT_NOT_HERE.
    """
    held = await evidence.held(message_id)
    if held is None or not _may_see(held, prover, principal):
        raise Refused("NOT_FOUND", name=f"countries/{principal.country}/messages/{message_id}")
    if with_content and not _may_read(held, principal):
        raise Refused("PERMISSION_DENIED")
    if prover.register is None:
        raise Refused("NOT_ENROLLED")
    proof = proof_pb2.Proof(
        version=VERSION if held.batched is None else BATCHED_VERSION,
        node_id=prover.keys.node_id,
        message_id=message_id,
        envelope=held.raw,
        register=prover.register.bundle,
    )
    if held.batched is not None:
        proof.message.CopyFrom(proven(held.batched, with_content=with_content))
        lists = [(_moments(one, held.batched), one) for one in await evidence.lists(held.batched.batch_id)]
        proof.stated.extend(one for _, one in sorted((at for at in lists if at[0]), key=lambda at: at[0]))
    elif with_content:
        proof.content = _content(held, prover.keys)
    proof.export_time.FromDatetime(prover.now)
    await _add_log(proof, evidence, prover)
    return _signed(proof, prover)


async def prove_read(
    evidence: Evidence, prover: Prover, kept: KeptRead, batch: Sequence[KeptRead]
) -> proof_pb2.ProofFile:
    """Returns the proof that somebody read personal data here, or was refused it; for people of this node's country.

    Args:
        evidence: Where the log is.
        prover: Who proves.
        kept: The read.
        batch: All reads of its batch, in their order.

    Raises:
        Refused: NOT_ENROLLED.
    """
    if prover.register is None:
        raise Refused("NOT_ENROLLED")
    proof = proof_pb2.Proof(
        version=READ_VERSION,
        node_id=prover.keys.node_id,
        message_id=kept.batch_id,
        register=prover.register.bundle,
        read=read_pb2.ProvenRead(
            read=kept.body,
            salt=kept.salt,
            count=len(batch),
            position=kept.position,
            hashes=path_of(kept.position, [one.leaf for one in batch]),
        ),
    )
    proof.export_time.FromDatetime(prover.now)
    await _add_log(proof, evidence, prover)
    return _signed(proof, prover)


def _signed(proof: proof_pb2.Proof, prover: Prover) -> proof_pb2.ProofFile:
    raw = proof.SerializeToString(deterministic=True)
    return proof_pb2.ProofFile(proof=raw, signature=prover.keys.sign.sign(proof_signed(raw)))


def _may_see(held: Held, prover: Prover, principal: Principal) -> bool:
    """The log is the node's own country's; what is from or for a country is that country's too."""
    return principal.country == prover.country or principal.country in parties_of(held)


def _may_read(held: Held, principal: Principal) -> bool:
    """What only passed through this node is not its country's to read."""
    return principal.holds(_OFFICER) and principal.country in parties_of(held)


def parties_of(held: Held) -> set[str]:
    """Returns the countries that a message is from or for."""
    named = list(held.recipients)
    if held.raw:
        header = header_of(held.raw)
        named += [header.author, *header.recipients]
    if held.batched:
        head = envelope_pb2.MessageHead.FromString(held.batched.kept.head)
        named += [head.author, *head.recipients]
    return {country_of(name) for name in named}


def proven(batched: Batched, *, with_content: bool) -> proof_pb2.ProvenMessage:
    """Returns a message's part of its envelope.

    Raises:
        Refused: CONTENT_NOT_HERE.
    """
    seals, kept = batched.seals, batched.kept
    message = proof_pb2.ProvenMessage(
        header=seals.header,
        ciphertext_sha256=seals.ciphertext_sha256,
        keys=seals.keys,
        signature=seals.signature,
        inner_signature=seals.inner_signature,
        count=len(batched.leaves),
        position=batched.position,
        hashes=path_of(batched.position, batched.leaves),
        head=kept.head,
        head_salt=kept.head_salt,
        content_digest=kept.content_digest,
    )
    if with_content:
        if not kept.content_salt:
            raise Refused("CONTENT_NOT_HERE")
        message.content, message.content_salt = kept.content, kept.content_salt
    return message


def _moments(signed: envelope_pb2.SignedReceipts, batched: Batched) -> list[int]:
    """Returns when what a list says of the message happened, in milliseconds; empty where it says nothing of it."""
    said = said_by(envelope_pb2.Receipts.FromString(signed.receipts))
    about = [one for one in said if one.envelope_id == batched.batch_id]
    return sorted(one.millis for one in about if one.position in (None, batched.position))


def _content(held: Held, keys: NodeKeys) -> bytes:
    try:
        envelope = envelope_pb2.Envelope.FromString(held.raw)
        sealed = sealed_content(envelope, keys)
    except (RefusedItemError, DecodeError):
        sealed = None
    if sealed is None:
        raise Refused("CONTENT_NOT_HERE")
    return sealed.SerializeToString(deterministic=True)


async def _add_log(proof: proof_pb2.Proof, evidence: Evidence, prover: Prover) -> None:
    incarnation, edge = await evidence.head()
    proof.head.CopyFrom(sign_head(prover, incarnation, edge))
    by_digest = {hashlib.sha256(one.receipt).digest(): one for one in await evidence.receipts(proof.message_id)}
    for position, raw in await evidence.entries(proof.message_id, edge.size):
        hashes = await evidence.tree.hashes(plan_inclusion(position, edge.size))
        proof.entries.add(entry=raw, position=position, hashes=hashes)
        stated = by_digest.pop(log_pb2.LogEntry.FromString(raw).digest, None)
        if stated is not None:
            # Who waits for it on its journey, and under which id, is signed by nobody and proves nothing.
            proof.receipts.add(receipt=stated.receipt, node=stated.node, signature=stated.signature)
    await _add_witnesses(proof, evidence, edge)


async def _add_witnesses(proof: proof_pb2.Proof, evidence: Evidence, edge: Edge) -> None:
    """Adds who else saw the log, with what shows that it has only grown since."""
    last = max((entry.position for entry in proof.entries), default=0)
    for head, cosignature in await evidence.cosigned(last):
        size = log_pb2.TreeHead.FromString(head.head).size
        if not 0 < size <= edge.size:
            continue
        if proof.witnessed and proof.witnessed[-1].head.head == head.head:
            proof.witnessed[-1].cosignatures.append(cosignature)
            continue
        hashes = await evidence.tree.hashes(plan_consistency(size, edge.size))
        proof.witnessed.add(head=head, cosignatures=[cosignature], hashes=hashes)


def sign_head(prover: Prover, incarnation: str, edge: Edge) -> log_pb2.SignedTreeHead:
    """Returns the head of the node's log with its signature."""
    head = log_pb2.TreeHead(node_id=prover.keys.node_id, incarnation=incarnation, size=edge.size, root=edge.root())
    head.head_time.FromDatetime(prover.now)
    raw = head.SerializeToString(deterministic=True)
    return log_pb2.SignedTreeHead(head=raw, signature=prover.keys.sign.sign(head_signed(raw)))
