"""What `bluepacific scenario` looks at beside the gateways: e-mails and spans, copied out of the pods, and the region's socket."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bp_node.region import control
from tests.cluster import surroundings
from tests.cluster.kube import get, python_in
from tests.cluster.nodes import EXAMPLES, PART, ClusterNode

# Without a file between: what is synced to the disk here is waited for by the databases.
_READ_SPANS = """
import sqlite3, sys
source, copy = sqlite3.connect("file:/var/lib/bluepacific/spans.sqlite?mode=ro", uri=True), sqlite3.connect(":memory:")
source.backup(copy)
sys.stdout.write(copy.serialize().hex())
"""
_SPANS_SECONDS = 20
_TELL_MAILS = """
import json, pathlib, sys, time
told = set()
while True:
    for file in sorted(pathlib.Path("/tmp/mail/new").glob("*.eml")):
        if file.name not in told:
            told.add(file.name)
            print(json.dumps({"name": file.name, "text": file.read_bytes().hex()}), flush=True)
    time.sleep(0.3)
"""


@contextmanager
def mails_copied(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True)
    command = ["kubectl", "exec", "-n", surroundings.MAIL, "deploy/mail", "--", "python", "-c", _TELL_MAILS]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def copy() -> None:
        assert process.stdout
        for line in process.stdout:
            told = json.loads(line)
            unfinished = folder / f"{told['name']}.part"
            unfinished.write_bytes(bytes.fromhex(told["text"]))
            unfinished.rename(folder / told["name"])

    thread = threading.Thread(target=copy)
    thread.start()
    try:
        yield
    finally:
        process.terminate()
        process.wait()
        thread.join()
        if process.stdout:
            process.stdout.close()


@contextmanager
def spans_copied(state: Path) -> Iterator[None]:
    """Copies the pods' newest spans, now and then: the scenario follows one trace over all nodes."""
    ended = threading.Event()

    def copy_all() -> None:
        for name in (*EXAMPLES, PART):
            for pod in get("pods", name, "-l", "bluepacific/serves=true"):
                try:
                    read = python_in(name, pod["metadata"]["name"], _READ_SPANS)
                except AssertionError:
                    continue  # it is starting, or gone
                place = state / name.removesuffix("-central") / pod["metadata"]["name"]
                place.mkdir(parents=True, exist_ok=True)
                (place / "new").write_bytes(bytes.fromhex(read))
                (place / "new").rename(place / "spans.sqlite")

    def keep() -> None:
        while not ended.wait(_SPANS_SECONDS):
            copy_all()

    copy_all()
    thread = threading.Thread(target=keep)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def controlled(nodes: Mapping[str, ClusterNode]) -> Iterator[Path]:
    """Serves the region's socket on a thread of its own: the test's own loop may be busy."""
    loop = asyncio.new_event_loop()
    started: list[Path] = []
    ready = threading.Event()
    stop = asyncio.Event()

    async def serve() -> None:
        async with control.listening(nodes) as socket:  # type: ignore[arg-type]
            started.append(socket)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait(30)
    try:
        yield started[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
