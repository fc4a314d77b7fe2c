"""Checks who else saw the log: a cosigned head is the witness's word, and the log of the proof must be that one with leaves added."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from bluepacific.exchange.v1 import log_pb2, proof_pb2
from bp_verify.merkle import extends
from bp_verify.nodes import Nodes
from bp_verify.report import Report, WitnessFact
from bp_verify.seals import cosigned, head_signed
from bp_verify.words import moment


def check_witnesses(proof: proof_pb2.Proof, nodes: Nodes, report: Report) -> None:
    """Checks each cosigned head; tells when nobody but the node itself vouches for its log."""
    if report.head is None:
        return
    last = max((entry.position for entry in report.entries), default=0)
    for number, witnessed in enumerate(proof.witnessed, 1):
        _check(f"witness {number}", witnessed, last, nodes, report)
    if not any(one.covers for one in report.witnesses):
        report.notes.append(
            f"no other node has yet seen these entries in the log of {proof.node_id}: that it was not rewritten is its own word"
        )


def _check(part: str, witnessed: proof_pb2.WitnessedHead, last: int, nodes: Nodes, report: Report) -> None:
    assert report.head is not None
    try:
        head = log_pb2.TreeHead.FromString(witnessed.head.head)
    except DecodeError:
        report.wrong(part, "its head cannot be read")
        return
    if head.node_id != report.node:
        report.wrong(part, f"it saw the log of {head.node_id}")
        return
    if not nodes.signed(report.node, witnessed.head.signature, head_signed(witnessed.head.head)):
        report.wrong(part, f"its head is not signed by {report.node}")
        return
    root, size = bytes.fromhex(report.head.root), report.head.size
    if not extends(head.root, head.size, root, size, witnessed.hashes):
        report.wrong(part, "the log is not the one that was seen with entries added: it was rewritten")
        return
    for one in witnessed.cosignatures:
        if one.witness == report.node:
            report.wrong(part, "a node cannot witness its own log")
        elif nodes.signed(one.witness, one.signature, cosigned(witnessed.head.head, one.cosign_time.seconds)):
            report.witnesses.append(WitnessFact(one.witness, head.size, moment(one.cosign_time), head.size > last))
        else:
            report.wrong(part, f"its signature is not {one.witness}'s")
