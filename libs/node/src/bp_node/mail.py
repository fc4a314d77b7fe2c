"""An SMTP server that delivers nothing: what arrives is kept as `.eml` files in a maildir, for a region on one machine and for tests."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from bp_kit.ports import new_id
from bp_node.failure import bind

_LARGEST_BYTES = 10 * 1024 * 1024


class _Keeper:
    """aiosmtpd's handler: one file a message, whole before it has its name."""

    def __init__(self, maildir: Path) -> None:
        self._maildir = maildir

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keeps a message; answers only when it is on disk."""
        name = f"{new_id()}.eml"
        recipients = ", ".join(envelope.rcpt_tos)
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        unfinished = self._maildir / "tmp" / name
        unfinished.write_bytes(f"X-Envelope-To: {recipients}\r\n".encode() + content)
        unfinished.rename(self._maildir / "new" / name)
        return "250 kept"


@asynccontextmanager
async def catching(maildir: Path, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
    """Runs the server within the block and gives its port.

    Args:
        maildir: Made when missing; messages are in `new`, oldest first by name.
        host: Where to listen.
        port: 0 for any.

    Raises:
        CommandError: The port is not free.
    """
    for part in ("tmp", "new", "cur"):
        (maildir / part).mkdir(mode=0o700, parents=True, exist_ok=True)
    taken: socket.socket = bind(host, port, "the mail catcher")
    handler: Any = _Keeper(maildir)

    def session() -> SMTP:
        return SMTP(handler, hostname="localhost", data_size_limit=_LARGEST_BYTES, enable_SMTPUTF8=True)

    server = await asyncio.get_running_loop().create_server(session, sock=taken)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
