"""A real region under test: the command itself, in a process of its own, on free ports, in a folder of its own."""

from __future__ import annotations

import json
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bluepacific.cooperation.v1 import directory_service_pb2
from bp_client import BluePacific
from bp_node.region.plan import NODES as PLANNED

READY_SECONDS = 240
STOP_SECONDS = 60
SCENARIO_SECONDS = 240
NODES = ("ptccc", "fji", "ton")


@dataclass
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def one_line(self) -> bool:
        """It failed with one clear line and no stack trace."""
        return self.code == 1 and self.err.startswith("bluepacific: ") and self.err.count("\n") == 1

    @property
    def events(self) -> list[dict[str, Any]]:
        """Its lines of JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


def bluepacific(*arguments: object, seconds: float = 60, given: str = "") -> Ran:
    """Runs the command to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "bp_node", *(str(argument) for argument in arguments)],
        input=given,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def free_ports() -> tuple[int, int]:
    """Returns a base port whose whole plan is free, and a port for the mail catcher."""
    for _ in range(200):
        with socket.socket() as first, socket.socket() as mail:
            first.bind(("127.0.0.1", 0))
            mail.bind(("127.0.0.1", 0))
            base = first.getsockname()[1]
            if base < 64000 and all(_free(base + offset) for offset in (1, 2, 100, 102, 200, 202)):
                return base, mail.getsockname()[1]
    raise AssertionError("this machine has no free ports")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _runs(pid: int) -> bool:
    """Tells whether a process of this command still runs; a number may have been given to another one since."""
    try:
        return b"bp_node" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


@dataclass
class Region:
    """A region's state folder and ports; `start` and `stop` run the command."""

    state: Path
    base_port: int = 0
    smtp_port: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    _process: subprocess.Popen[str] | None = None
    _reader: threading.Thread = field(default_factory=threading.Thread)

    def __post_init__(self) -> None:
        if not self.base_port:
            self.base_port, self.smtp_port = free_ports()

    @property
    def arguments(self) -> list[str]:
        """Of the command, for this region."""
        ports = ["--base-port", str(self.base_port), "--smtp-port", str(self.smtp_port)]
        return ["region", "--state", str(self.state), *ports]

    def start(self) -> None:
        """Starts it and waits until it is up."""
        assert self._process is None
        with self.state.with_suffix(".log").open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bp_node", *self.arguments, "--json"],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, args=(self._process, lines), daemon=True)
        self._reader.start()
        line = lines.get(timeout=READY_SECONDS)
        assert line, f"the region did not start: {self.told()}"
        self.facts = json.loads(line)
        assert self.facts["event"] == "ready"

    @staticmethod
    def _read(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
        assert process.stdout
        with process.stdout:
            for line in process.stdout:
                lines.put(line)
        lines.put("")

    def told(self) -> str:
        """What it said on standard error."""
        return self.state.with_suffix(".log").read_text()

    def stop(self) -> int:
        """Stops it as Ctrl-C does and returns its exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGINT)
        code = self._process.wait(STOP_SECONDS)
        self._reader.join()
        self._process = None
        return code

    def kill(self) -> None:
        """Kills the command (kill -9), which then cannot stop its nodes, and waits until they have ended all the same."""
        assert self._process
        nodes = [json.loads((self.folder(node) / "run" / "node.json").read_text())["pid"] for node in NODES]
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._process = None
        deadline = time.monotonic() + STOP_SECONDS
        while any(_runs(pid) for pid in nodes):
            assert time.monotonic() < deadline, "a node outlived its region"
            time.sleep(0.1)

    def signed_in(self, node: str, officer: str) -> BluePacific:
        """Returns the client of a person, signed in at a gateway; close it."""
        client = BluePacific(self.url(node))
        country = self.facts["nodes"][node]["country"]
        client.sign_in(officer, self.password(f"countries/{country}/officers/{officer}"))
        return client

    def wait_acquainted(self) -> None:
        """Waits until Fiji has heard of each of Tonga's units: the directory travels as everything does, a unit at a time."""
        asked = directory_service_pb2.ListAddresseesRequest(parent="countries/TON", page_size=100)
        units = {
            f"countries/TON/units/{unit['id']}"
            for node in PLANNED
            if node.node_id == "ton"
            for unit in node.people["units"]
        }
        deadline = time.monotonic() + READY_SECONDS
        with self.signed_in("fji", "ana") as ana:
            while units - {one.unit for one in ana.cooperation.directories.ListAddressees(asked).addressees}:
                assert time.monotonic() < deadline, self.told()
                time.sleep(0.1)

    def folder(self, node: str) -> Path:
        """Returns a node's folder."""
        return Path(self.facts["nodes"][node]["dir"])

    def url(self, node: str) -> str:
        """Returns a gateway's URL."""
        return str(self.facts["nodes"][node]["url"])

    def password(self, name: str) -> str:
        """Returns a person's password."""
        return str(json.loads(Path(self.facts["people"]).read_text())[name])
