"""How a command says that it cannot: one clear line and an exit code, never a stack trace."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EXIT_FAILED = 1
_WORDS = {
    errno.ENOSPC: "no space is left on its disk",
    errno.EDQUOT: "its disk quota is used up",
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
    errno.EROFS: "its disk is read-only",
    errno.ENOTDIR: "a part of its path is a file, not a folder",
    errno.EEXIST: "a file of that name is in the way",
    errno.EISDIR: "a folder of that name is in the way",
    errno.ENAMETOOLONG: "its path is too long",
    errno.EMFILE: "this process may open no more files (ulimit -n)",
}
_PORT_WORDS = {
    errno.EADDRINUSE: "another program has it",
    errno.EACCES: "this user may not have it",
    errno.EADDRNOTAVAIL: "this machine has no such address",
}


class CommandError(Exception):
    """The command cannot do what it was asked.

    Attributes:
        text: One line for a person: what, and what to do about it.
        code: The process's exit code.
    """

    def __init__(self, text: str, code: int = EXIT_FAILED) -> None:
        super().__init__(text)
        self.text = text
        self.code = code


@contextmanager
def told_plainly(doing: str, place: Path | str) -> Iterator[None]:
    """Turns a failure of the file system into one line.

    Args:
        doing: What the block does: `use the state folder`.
        place: Where.

    Raises:
        CommandError: The file system refused.
    """
    try:
        yield
    except OSError as error:
        why = _WORDS.get(error.errno or 0) or (error.strerror or str(error)).lower()
        raise CommandError(f"cannot {doing} {place}: {why}") from error


def bind(host: str, port: int, what: str) -> socket.socket:
    """Returns a listening-to-be TCP socket; port 0 takes any.

    Raises:
        CommandError: The address cannot be had.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        found = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise CommandError(f"cannot listen on {host} for {what}: {error.strerror}") from error
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as error:
        found.close()
        why = _PORT_WORDS.get(error.errno or 0) or (error.strerror or "").lower()
        raise CommandError(f"port {port} on {host} is not free for {what}: {why}") from error
    except OverflowError as error:
        found.close()
        raise CommandError(f"{port} is no port: choose one from 1 to 65535") from error
    return found
