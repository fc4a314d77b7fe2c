"""OpenID clients that others wrote, in JavaScript: openid-client and oidc-client-ts find everything by discovery and sign in."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from front_door import CALLBACK, GOODBYE, IMPORTER, PORTAL, SECRET, TERMINAL
from tests.npm import install

HERE = Path(__file__).parent / "javascript"
ANA = "countries/FJI/officers/ana"
# A line may take long on a busy machine.
SECONDS = 120


async def play(door, program):
    """Runs a program; opens what it wants opened, as a person would; returns what it says at its end."""
    folder = await asyncio.to_thread(install, HERE, "sign-in-javascript")
    arguments = (door.url, PORTAL, TERMINAL, IMPORTER, SECRET, CALLBACK, GOODBYE)
    running = await asyncio.create_subprocess_exec(
        "node",
        program,
        *arguments,
        cwd=folder,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    while True:
        async with asyncio.timeout(SECONDS):
            line = await running.stdout.readline()
        if not line:
            raise AssertionError((await running.stderr.read()).decode())
        said = json.loads(line)
        if "open" not in said:
            await running.wait()
            return said
        returned = await door.sign_in(said["open"])
        running.stdin.write(f"{returned}\n".encode())
        await running.stdin.drain()


async def test_openid_client(door):
    said = await play(door, "openid_client.mjs")
    assert said == {
        "person": ANA,
        "email": "ana@police.example.fj",
        "service": True,
        "inspected": ANA,
        "device": ANA,
        "left": GOODBYE,
        "refused": "invalid_grant",
    }


async def test_openid_client_with_tokens_bound_to_a_key(door):
    said = await play(door, "dpop.mjs")
    assert said == {"type": "dpop", "person": ANA, "officer": ANA, "stolen": 401, "refused": "invalid_grant"}


async def test_oidc_client_ts(door):
    said = await play(door, "oidc_client_ts.mjs")
    assert said == {
        "person": ANA,
        "email": "ana@police.example.fj",
        "page": "/requests",
        "renewed": True,
        "left": GOODBYE,
    }


def test_the_lock_file_names_no_registry():
    locked = (HERE / "package-lock.json").read_text()
    assert '"resolved"' not in locked
    assert '"integrity"' in locked
