"""W3C trace contexts as 26 bytes: version, trace id, parent id, flags."""

from __future__ import annotations

TRACE_BYTES = 26
_LETTERS = (2, 32, 16, 2)
_RECORDED = 1


def packed(traceparent: str) -> bytes:
    """Returns a trace context as bytes; nothing where it is not recorded, since nobody would look for it."""
    trace = bytes.fromhex(traceparent.replace("-", ""))
    return trace if trace and trace[-1] & _RECORDED else b""


def unpacked(trace: bytes) -> str:
    """Returns a trace context as text; empty for what is none."""
    if len(trace) != TRACE_BYTES:
        return ""
    text, parts = trace.hex(), []
    for letters in _LETTERS:
        parts.append(text[:letters])
        text = text[letters:]
    return "-".join(parts)
