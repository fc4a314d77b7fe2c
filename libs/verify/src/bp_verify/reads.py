"""Checks the part of a proof that is a read of personal data: that it is in the batch whose entry stands in the log."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import log_pb2, proof_pb2, read_pb2
from bp_verify.merkle import leaf_hash, root_by
from bp_verify.report import ReadFact, Report
from bp_verify.words import moment, name_of

_PART = "read"


def check_read(proof: proof_pb2.Proof, report: Report) -> None:
    """Checks that the read leads to the digest of every entry in the proof, which was checked before."""
    proven = proof.read
    root = root_by(proven.count, proven.position, leaf_hash(proven.salt + proven.read), proven.hashes)
    entries = [log_pb2.LogEntry.FromString(one.entry) for one in proof.entries] if report.holds else []
    if not entries:
        report.wrong(_PART, "without its entry in the log nothing of it is proven")
        return
    if any(entry.event != log_pb2.LOG_EVENT_READ or entry.digest != root for entry in entries):
        report.wrong(_PART, "its hashes do not lead to what the log tells of: read, salt, place or hashes were changed")
        return
    try:
        read = read_pb2.Read.FromString(proven.read)
    except DecodeError:
        report.wrong(_PART, "it cannot be read")
        return
    report.read = ReadFact(
        record=read.record,
        principal=read.principal,
        permission=read.permission,
        purpose=name_of(handling_pb2.Purpose, read.purpose, "PURPOSE_") if read.purpose else "",
        time=moment(read.read_time),
        allowed=read.allowed,
        node=read.node_id,
    )
