"""How much an envelope may hold, of either version."""

from __future__ import annotations

MAX_ENVELOPE_BYTES = 2 * 1024 * 1024
MAX_CONTENT_BYTES = 1536 * 1024
MAX_RECIPIENTS = 1000
# More than all recipients and files take; looked at before a header is parsed, which takes many times its size.
MAX_HEADER_BYTES = 128 * 1024
MAX_NODES = 256
MAX_BLOBS = 100
MAX_BLOB_BYTES = 2 * 1024**3
