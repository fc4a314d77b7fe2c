"""A real node of the centre with all its services, in a process of its own, with people of every role who can sign in."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bluepacific.identity.v1 import role_pb2

COUNTRY = "WSM"
UNIT = "ptccc"
READY_SECONDS = 240
ROLES = tuple(name.removeprefix("ROLE_").lower() for name, number in role_pb2.Role.items() if number)
# Everybody of the same unit; one officer a role, and two who hold them all.
OFFICERS = {role.replace("_", "-"): (role,) for role in ROLES} | {"everything": ROLES, "prober": ROLES}


@dataclass(frozen=True)
class Node:
    """Where it is, and the passwords of its people by their short name."""

    url: str
    passwords: dict[str, str]
    log: Path

    def sign_in(self, officer: str) -> str:
        """Returns an access token."""
        body = json.dumps({"username": officer, "password": self.passwords[officer]}).encode()
        request = urllib.request.Request(
            f"{self.url}/v1/sessions:signIn", data=body, headers={"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=90) as response:
            return str(json.load(response)["accessToken"])


@contextlib.contextmanager
def running_node(place: Path) -> Iterator[Node]:
    """Runs the node within the block."""
    folder, port = place / "node", free_port()
    bluepacific(
        "init", "--country", COUNTRY, "--centre", "--port", port, "--link", f"127.0.0.1:{free_port()}", at=folder
    )
    people, passwords, log = place / "people.json", place / "passwords.json", place / "log"
    people.write_text(json.dumps(_people()), encoding="utf-8")
    bluepacific("people", people, "--passwords", passwords, at=folder)
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*_COMMAND, "up", "--dir", str(folder)], stdout=out, stderr=out, env=os.environ | _SHORT_STREAMS
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _await_ready(url, process, log)
            named = json.loads(passwords.read_text(encoding="utf-8"))
            yield Node(url, {name.rpartition("/")[2]: password for name, password in named.items()}, log)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(90)


def bluepacific(*arguments: object, at: Path) -> None:
    """Runs `bluepacific node …` to its end."""
    subprocess.run(
        [*_COMMAND, *map(str, arguments), "--dir", str(at)], check=True, stdout=subprocess.DEVNULL, timeout=180
    )


def free_port() -> int:
    """Returns a port that is free now."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


# Streams of events end by themselves soon, for those who ask for whole responses.
_SHORT_STREAMS = {"BP_NODE__SERVICES__GATEWAY__STREAM_SECONDS": "1.5"}
_COMMAND = (sys.executable, "-m", "bp_node", "node")


def _people() -> dict[str, object]:
    officers = [
        {
            "id": officer,
            "givenName": "Sina",
            "familyName": officer.title(),
            "email": f"{officer}@police.example",
            "gender": "FEMALE",
            "language": "en",
            "roles": [f"{role}@{UNIT}" for role in roles],
        }
        for officer, roles in OFFICERS.items()
    ]
    return {"units": [{"id": UNIT, "displayName": "PTCCC", "kind": "COORDINATION_CENTRE"}], "officers": officers}


def _await_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/readyz", timeout=5):
            return
        assert process.poll() is None, f"the node ended: {log.read_text()[-3000:]}"
        assert time.monotonic() < until, f"the node is not ready: {log.read_text()[-3000:]}"
        time.sleep(0.05)
