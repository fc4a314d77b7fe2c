"""`log list`: signs in as the data-protection officer, and shows who did what. The sign-in and the reading are entries, too."""

from __future__ import annotations

import asyncio
import getpass
import sys
from pathlib import Path
from typing import Any

from rich.table import Table

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import log_service_pb2 as pb
from bp_client import AsyncBluePacific, Problem
from bp_node.failure import CommandError
from bp_node.screen import out, say, say_json

_PAGE = 100
_STANDARD_INPUT = Path("-")


def password_of(file: Path | None) -> str:
    """Returns the password from a file, from standard input (`-`), or from the person.

    Raises:
        CommandError: The file cannot be read.
    """
    if file is None:
        return getpass.getpass("password: ")
    if file == _STANDARD_INPUT:
        return sys.stdin.readline().rstrip("\n")
    try:
        return file.read_text("utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} cannot be read") from error


def list_entries(gateway: str, user: str, password: str, totp: str, *, filter_: str, limit: int, as_json: bool) -> None:
    """Shows what people and units of the officer's country did, newest first.

    Raises:
        CommandError: The gateway does not answer, or refused.
    """
    try:
        found = asyncio.run(_read(gateway, user, password, totp, filter_, limit))
    except Problem as problem:
        raise CommandError(f"{gateway}: {problem.detail}") from problem
    documents = [_document(entry) for entry in found]
    if as_json:
        say_json({"entries": documents})
    elif documents:
        _draw(documents)
    else:
        say("no entries")


async def _read(  # noqa: PLR0917 - as above
    gateway: str, user: str, password: str, totp: str, filter_: str, limit: int
) -> list[pb.LogEntry]:
    async with AsyncBluePacific(gateway) as client:
        officer = await client.sign_in(user, password, totp)
        asking = client.asking(purpose="DATA_PROTECTION")
        country = "/".join(officer.split("/")[:2])
        request = pb.ListLogEntriesRequest(parent=country, filter=filter_, page_size=min(limit, _PAGE))
        found: list[pb.LogEntry] = []
        while True:
            page = await asking.cooperation.logs.ListLogEntries(request)
            found += page.log_entries
            if len(found) >= limit or not page.next_page_token:
                return found[:limit]
            request.page_token = page.next_page_token


def _document(entry: pb.LogEntry) -> dict[str, Any]:
    return {
        "time": entry.log_time.ToJsonString(),
        "principal": entry.principal,
        "act": entry.act,
        "subject": entry.subject,
        "outcome": entry.outcome,
        "purpose": handling_pb2.Purpose.Name(entry.purpose).removeprefix("PURPOSE_") if entry.purpose else "",
        "author": entry.author,
        "trace": entry.trace_id,
    }


def _draw(documents: list[dict[str, Any]]) -> None:
    table = Table("time", "who", "what", "about", "outcome", "purpose", "from")
    for one in documents:
        about = one["subject"] + (f" (trace {one['trace']})" if one["trace"] else "")
        table.add_row(
            f"{one['time'][:19]}Z",
            one["principal"],
            one["act"],
            about,
            one["outcome"],
            one["purpose"].lower().replace("_", " "),
            one["author"],
        )
    out.print(table)
