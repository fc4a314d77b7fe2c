"""Checks the part of a proof that is the node's log: the signed head, the leaves about the message, and what they tell of."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from bluepacific.exchange.v1 import log_pb2, proof_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_verify.merkle import includes, leaf_hash
from bp_verify.nodes import Nodes
from bp_verify.report import EntryFact, HeadFact, Report
from bp_verify.seals import head_signed
from bp_verify.words import moment, name_of

_OF_ENVELOPE = (
    log_pb2.LOG_EVENT_SENT,
    log_pb2.LOG_EVENT_ACCEPTED,
    log_pb2.LOG_EVENT_RELAYED,
    log_pb2.LOG_EVENT_SEALED,
)
_OF_RECEIPT = (log_pb2.LOG_EVENT_STATED, log_pb2.LOG_EVENT_HEARD)


@dataclass(frozen=True)
class Digests:
    """What the log must tell of.

    Attributes:
        travelled: What it has of the envelope, or of the message in it; empty where neither is in the file.
        stated: What it has of each statement, by the part of the file that it is.
    """

    travelled: bytes
    stated: Mapping[str, frozenset[bytes]]


def digests_of(proof: proof_pb2.Proof) -> Digests:
    """Returns what the log has of the parts of a proof of version 1."""
    stated = {
        f"receipt {number}": frozenset([hashlib.sha256(signed.receipt).digest()])
        for number, signed in enumerate(proof.receipts, 1)
    }
    return Digests(hashlib.sha256(proof.envelope).digest() if proof.envelope else b"", stated)


def check_log(proof: proof_pb2.Proof, digests: Digests, nodes: Nodes, report: Report) -> None:
    """Checks head and leaves, and that what the file holds is what the log tells of."""
    head = _head(proof, nodes, report)
    if not proof.entries:
        report.wrong("entries", "the log tells nothing of this message")
    told = [_entry(number, one, proof, head, report) for number, one in enumerate(proof.entries, 1)]
    positions = [one.position for one in proof.entries]
    if positions != sorted(set(positions)):
        report.wrong("entries", "a leaf of the log stands here twice, or out of order")
    entries = [entry for entry in told if entry is not None]
    if len(entries) == len(told):
        _compare(digests, entries, report)


def _head(proof: proof_pb2.Proof, nodes: Nodes, report: Report) -> log_pb2.TreeHead | None:
    signed = proof.head
    if not nodes.signed(proof.node_id, signed.signature, head_signed(signed.head)):
        report.wrong("head", f"it is not signed by {proof.node_id}: size, root, time or signature were changed")
        return None
    try:
        head = log_pb2.TreeHead.FromString(signed.head)
    except DecodeError:
        report.wrong("head", "it cannot be read")
        return None
    if head.node_id != proof.node_id:
        report.wrong("head", f"it is of the log of {head.node_id}")
        return None
    report.head = HeadFact(head.node_id, head.incarnation, head.size, head.root.hex(), moment(head.head_time))
    return head


def _entry(
    number: int, proven: proof_pb2.ProvenEntry, proof: proof_pb2.Proof, head: log_pb2.TreeHead | None, report: Report
) -> log_pb2.LogEntry | None:
    part = f"entry {number}"
    if head is None:
        return None
    if not includes(head.root, head.size, proven.position, leaf_hash(proven.entry), proven.hashes):
        report.wrong(part, "its hashes do not lead to the log's root: leaf, position or hashes were changed")
        return None
    try:
        entry = log_pb2.LogEntry.FromString(proven.entry)
    except DecodeError:
        report.wrong(part, "the leaf cannot be read")
        return None
    if entry.envelope_id != proof.message_id:
        report.wrong(part, f"it is of another message, {entry.envelope_id}")
        return None
    report.entries.append(
        EntryFact(
            position=proven.position,
            event=name_of(log_pb2.LogEvent, entry.event, "LOG_EVENT_"),
            time=moment(entry.event_time),
            recipient=entry.recipient,
            state=name_of(topics_pb2.DeliveryState, entry.state, "DELIVERY_STATE_") if entry.state else "",
        )
    )
    return entry


def _compare(digests: Digests, entries: list[log_pb2.LogEntry], report: Report) -> None:
    """Compares digests in the log with what is in the file; a repeated arrival may stand in the log twice."""
    travelled = {entry.digest for entry in entries if entry.event in _OF_ENVELOPE and entry.digest}
    if digests.travelled and travelled != {digests.travelled}:
        report.wrong("envelope", "it is not the one that the log tells of")
    elif not digests.travelled:
        report.notes += [f"the log tells of an envelope with SHA-256 {one.hex()}" for one in sorted(travelled)]
    stated = {entry.digest for entry in entries if entry.event in _OF_RECEIPT}
    given: set[bytes] = set()
    for part, found in digests.stated.items():
        given |= found
        if not found <= stated:
            report.wrong(part, "the log does not tell of it")
    missing = len(stated - given)
    if missing:
        report.wrong("receipts", f"the log tells of {missing} more than are in this proof, or of others")
