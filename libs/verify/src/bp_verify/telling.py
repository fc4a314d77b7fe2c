"""Tells a report in plain lines, or as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from bp_verify.report import EntryFact, Report

_LONGEST_LINE = 2000
_EVENTS = {
    "SENT": "took it and queued it",
    "ACCEPTED": "stored it for its own units",
    "RELAYED": "stored it to pass it on",
    "STATED": "stated",
    "HEARD": "stored the statement",
    "SEALED": "sealed it into its envelope",
    "READ": "noted reads of personal data",
}


def document_of(report: Report) -> dict[str, Any]:
    """Returns a report as JSON has it; names as in the report."""
    return {"holds": report.holds, **asdict(report)}


def lines_of(report: Report) -> Iterator[str]:
    """Yields a report in plain lines, without anything a terminal would obey."""
    for line in _lines(report):
        yield "".join(letter if letter.isprintable() else "?" for letter in line)[:_LONGEST_LINE]


def _lines(report: Report) -> Iterator[str]:
    what = "batch of reads" if report.read else "message"
    yield f"{what} {report.message_id or '?'}, proof by node {report.node or '?'}{_at(report.export_time)}"
    yield from (f"proven: {line}" for line in _proven(report))
    yield from (f"note: {note}" for note in report.notes)
    yield from (f"WRONG: {fault.part}: {fault.text}" for fault in report.faults)
    if report.holds:
        yield "everything in this proof verifies"
    else:
        yield "do not rely on this proof"


def _proven(report: Report) -> Iterator[str]:
    if report.register:
        yield f"register {report.register.version} is of the root you gave; it was fresh until {report.register.fresh_until}"
    yield from _sent(report)
    if read := report.read:
        purpose = f" for {read.purpose}" if read.purpose else ""
        did = "read" if read.allowed else "was refused"
        yield f"{read.principal} {did} {read.record}{purpose} ({read.permission}){_at(read.time)} by the clock of {read.node}"
    for receipt in report.receipts:
        ground = f" ({receipt.ground})" if receipt.ground else ""
        yield f"{receipt.state} at {receipt.recipient}{ground}, as {receipt.node} signed{_at(receipt.time)} by its clock"
    if head := report.head:
        yield f"the log of {head.node} had {head.size} entries{_at(head.time)}, under a head that {head.node} signed"
        yield from (
            f"{_entry(entry, head.node)}, entry {entry.position + 1} of {head.size}" for entry in report.entries
        )
    for one in report.witnesses:
        covered = "with all of these" if one.covers else "before all of these were in it"
        seen = f"{one.witness} saw this log with {one.size} entries, {covered}{_at(one.time)} by its clock"
        yield f"{seen}; nothing of it has changed since"


def _sent(report: Report) -> Iterator[str]:
    if sent := report.envelope:
        when = f"{_at(sent.time)} by its clock" if sent.time else ""
        yield (
            f"{sent.author} sent {sent.topic} through node {sent.node}{when}"
            f", number {sent.sequence} of its incarnation {sent.incarnation}"
        )
        yield f"it was addressed to {', '.join(sent.recipients)}, and sealed for {', '.join(sent.readers) or 'nobody'}"
        place = f", message {sent.position + 1} of {sent.count}" if sent.count > 1 else ""
        yield f"the envelope is as {sent.node} sealed it, SHA-256 {sent.sha256}{place}"
    if (content := report.content) and sent:
        handling = f", TLP {content.tlp}, purpose {content.purpose}" if content.tlp else ""
        size, digest = content.payload_bytes, content.payload_sha256
        yield f"its content is as {sent.node} sealed it, {size} bytes, SHA-256 {digest}{handling}"
        yield from (f"a file of {size} bytes belongs to it, SHA-256 {digest}" for digest, size in content.files)
    elif sent:
        yield f"its content is not in this proof; the seal is over its ciphertext, SHA-256 {sent.ciphertext_sha256}"


def _entry(entry: EntryFact, node: str) -> str:
    stated = f" {entry.state} at {entry.recipient}" if entry.state else ""
    return f"{node} {_EVENTS.get(entry.event, entry.event)}{stated}{_at(entry.time)} by its clock"


def _at(time: str) -> str:
    return f" at {time}" if time else ""
