"""Calls of a running node as a person: what two people decide, the operator's key does not decide for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from bp_client import AsyncBluePacific, Problem
from bp_node import folder
from bp_node.administering.calling import Administration, Answer
from bp_node.failure import CommandError
from bp_node.settings import load


@dataclass(frozen=True)
class Person:
    """Who acts, as they have proved it.

    Attributes:
        username: Name, id or e-mail address.
        password: Theirs.
        totp: The code that their authenticator app shows; empty where they have none.
    """

    username: str
    password: str
    totp: str = ""


def person_of(username: str, password_file: Path | None, totp: str, ask: Callable[[], str]) -> Person:
    """Returns a person.

    Args:
        username: As typed.
        password_file: Holds the password; None asks for it.
        totp: As typed.
        ask: Asks for the password without showing it.

    Raises:
        CommandError: There is no such file.
    """
    if password_file is None:
        return Person(username, ask(), totp)
    try:
        return Person(username, password_file.read_text().rstrip("\n"), totp)
    except (OSError, ValueError) as error:
        raise CommandError(f"--password-file: {password_file} cannot be read") from error


def act_as(directory: Path, person: Person, act: Callable[[Administration], Awaitable[Answer]]) -> Answer:
    """Does something at a running node as a person, who is signed out afterwards.

    Args:
        directory: The node's folder.
        person: Who acts.
        act: What to do.

    Raises:
        CommandError: The node does not run, did not let the person in, or refused; then nothing changed.
    """
    settings = load(directory)
    url = str(folder.read_run_file(settings.folder).get("url") or settings.public_url)

    async def acted() -> Answer:
        async with AsyncBluePacific(url) as client:
            await client.sign_in(person.username, person.password, person.totp)
            try:
                return await act(Administration(settings, client))
            finally:
                await client.sign_out()

    try:
        return asyncio.run(acted())
    except Problem as problem:
        raise CommandError(problem.detail) from problem
