"""The region of `bluepacific region` on a cluster: the centre and two countries, a namespace each, installed from the charts' examples.

`bluepacific scenario` plays in it as on one machine: the state folder says where the gateways are (forwarded to this machine), e-mails
and spans are copied into it, and its socket holds, kills and releases nodes.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bp_node.region import control
from bp_node.region.plan import NODES, REGION_FILE, PlannedNode
from tests.cluster import surroundings
from tests.cluster.kube import apply, get, helm, is_rolled_out, kubectl, python_in, until

IMAGE = os.environ.get("BP_IMAGE", "bluepacific/node:0.1.0")
POSTGRES_IMAGE = os.environ.get("BP_POSTGRES_IMAGE", "bluepacific/postgres-test:1")
RELEASE = "node"
HOME = "/var/lib/bluepacific"
SERVICES = (*surroundings.SERVICES, "gateway")
CENTRE = "ptccc"
EXAMPLES = {"ptccc": "centre", "fji": "country-small", "ton": "mixed"}
# Tonga's other part, and what stands there. Training stays at home here: its packages would need a bucket of both parts.
PART = "ton-central"
AT_PART = ("identity", "notifications", "catalogue")
_PORTS = {"ptccc": 18100, "fji": 18200, "ton": 18300}
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


@dataclass
class ClusterNode:
    """A node in its namespace, as the region's socket knows nodes."""

    name: str
    restarts: int = 0
    held: bool = False
    _replicas: dict[str, int] = field(default_factory=dict)

    @property
    def pid(self) -> int | None:
        """Another number after each kill, None while no pod is there."""
        return 1000 + self.restarts if get("pods", self.name, "-l", "bluepacific/serves=true") else None

    @property
    def ready(self) -> bool:
        return is_rolled_out(self.name)

    def hold(self) -> None:
        self.held = True

    def kill(self) -> None:
        """All pods at once, without any grace, as when the machine loses power; a held node stays down."""
        self._replicas = {one["metadata"]["name"]: one["spec"]["replicas"] for one in get("deployments", self.name)}
        chosen = ("-l", "bluepacific/serves=true", "--force", "--grace-period=0", "--wait=false")
        kubectl("delete", "pods", *chosen, namespace=self.name)
        if self.held:
            kubectl(
                "scale",
                "deployments",
                "-l",
                "app.kubernetes.io/part-of=bluepacific",
                "--replicas=0",
                namespace=self.name,
            )
            kubectl("delete", "pods", *chosen, namespace=self.name)
            until("no pod is left", lambda: self.pid is None, 60)

    def release(self) -> None:
        self.held = False
        self.restarts += 1
        for name, count in self._replicas.items():
            kubectl("scale", "deployment", name, f"--replicas={count}", namespace=self.name)


@dataclass
class Region:
    """A region that runs on a cluster.

    Attributes:
        state: The folder that `bluepacific scenario` reads.
        figures: What was measured, for docs/cluster-test.md.
    """

    state: Path
    chart: Path
    nodes: dict[str, ClusterNode]
    figures: dict[str, Any] = field(default_factory=dict)

    def install_part(self) -> None:
        """Installs Tonga's other part, with certificates that Tonga made for it; its authority stays in Tonga."""
        for secret in (*(f"{RELEASE}-{service}-tls" for service in AT_PART), f"{RELEASE}-page-tokens"):
            held = get(f"secret/{secret}", "ton")[0]
            apply({**held, "metadata": {"name": secret}}, PART)
        helm("upgrade", "--install", *self._arguments(PART, "mixed-central", _placed("ton", "exchange", "cooperation")))

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{_PORTS[name]}"

    def upgrade(self, name: str, *changed: str) -> None:
        helm("upgrade", *self._arguments(name, EXAMPLES[name], {}, *changed))

    def install(self, name: str) -> None:
        begun = time.monotonic()
        helm(
            "upgrade",
            "--install",
            *self._arguments(name, EXAMPLES[name], _placed(PART, *AT_PART) if name == "ton" else {}),
        )
        self.figures[f"{name} ready after seconds"] = round(time.monotonic() - begun, 1)

    def install_beside(self, name: str, where: str) -> float:
        """Installs a node like another in a namespace of its own, and returns after how many seconds it was ready."""
        begun = time.monotonic()
        arguments = self._arguments(name, EXAMPLES[name], {})
        arguments[arguments.index("-n") + 1] = where
        helm("install", *arguments)
        return time.monotonic() - begun

    def _arguments(self, where: str, example: str, placed: dict[str, str], *changed: str) -> list[str]:
        name = "ton" if where == PART else where
        values = self.chart / "examples" / f"{example}.yaml"
        repository, _, tag = IMAGE.rpartition(":")
        told = {
            "global.node.id": name,
            "global.node.country": next(node.country for node in NODES if node.node_id == name),
            "global.node.publicUrl": self.url(name),
            "global.gatewayTls": "false",
            "global.link.address": f"{RELEASE}-link.{CENTRE}.svc.cluster.local:8101",
            "global.mail.host": f"mail.{surroundings.MAIL}.svc.cluster.local",
            "global.mail.port": "2525",
            "global.mail.security": "none",
            "global.image.repository": repository,
            "global.image.tag": tag,
            "catalogue.settings.uptake_interval": "PT2S",
            "training.settings.participation_interval": "PT2S",
        }
        if name == CENTRE:
            # No metrics to scale by, no load balancer; otherwise as in the example.
            told |= {"gateway.autoscaling.enabled": "false", "cooperation.autoscaling.enabled": "false"}
            told |= {"global.link.serviceType": "ClusterIP"}
        told |= placed
        sets = [part for key, value in told.items() for part in ("--set", f"{key}={value}")]
        more = [part for one in changed for part in ("--set", one)]
        return [RELEASE, str(self.chart), "-n", where, "-f", str(values), *sets, *more, "--wait", "--timeout", "8m"]


def _placed(where: str, *services: str) -> dict[str, str]:
    """Returns the values of one part of Tonga's node that name the other, in another namespace, without a bucket."""
    hosts = {f"global.places.{one}": f"{RELEASE}-{one}.{where}.svc.cluster.local" for one in services}
    peer = "global.network.placesAt[0]"
    return {
        **hosts,
        "global.places.training": "null" if where == PART else f"{RELEASE}-training.{where}.svc.cluster.local",
        "training.enabled": str(where == PART).lower(),
        "global.bucket.url": "",
        "global.bucket.existingSecret": "",
        "global.postgres.existingSecret": "",
        f"{peer}.ipBlock": "null",
        f"{peer}.namespaceSelector.matchLabels.kubernetes\\.io/metadata\\.name": where,
    }


def place_of(name: str, service: str) -> str:
    """Returns the namespace in which a service of a node stands."""
    return PART if name == "ton" and service in AT_PART else name


@contextmanager
def region_on_cluster(state: Path, chart: Path) -> Iterator[Region]:
    """Installs the region within the block; what it made stays afterwards, for whoever wants to look."""
    region = Region(state, chart, {name: ClusterNode(name) for name in EXAMPLES})
    surroundings.mail(IMAGE)
    for name in (*EXAMPLES, PART):
        surroundings.namespace(name)
    surroundings.postgres(CENTRE, POSTGRES_IMAGE)
    planned = {node.node_id: node for node in NODES}
    passwords: dict[str, str] = {}
    for name in EXAMPLES:
        region.install(name)
        if name == "ton":
            region.install_part()
        passwords |= _people(planned[name])
    for name in EXAMPLES:
        if name != CENTRE:
            _enrol(planned[name])
    with ExitStack() as stack:
        for name, port in _PORTS.items():
            stack.enter_context(_forwarded(name, port))
        stack.enter_context(_mails(state / "mail" / "new"))
        stack.enter_context(_spans(state))
        socket = stack.enter_context(_controlled(region))
        (state / "people.json").write_text(json.dumps(passwords))
        (state / REGION_FILE).write_text(json.dumps(_document(region, planned, socket)))
        yield region


def _document(region: Region, planned: dict[str, PlannedNode], socket: Path) -> dict[str, Any]:
    nodes = {
        name: {"country": planned[name].country, "url": region.url(name), "dir": str(region.state / name)}
        for name in EXAMPLES
    }
    state = region.state
    return {
        "control": str(socket),
        "maildir": str(state / "mail/new"),
        "people": str(state / "people.json"),
        "nodes": nodes,
    }


def bluepacific(name: str, service: str, *arguments: str, given: str = "") -> Any:
    """Runs the `bluepacific` command in a pod of a node, and returns its answer."""
    command = ("python", "-m", "bp_node", *arguments, "--dir", HOME, "--json")
    said = kubectl(
        "exec",
        "-i",
        f"deploy/{RELEASE}-{service}",
        "-c",
        service,
        "--",
        *command,
        given=given,
        namespace=place_of(name, service),
    )
    return json.loads(said.splitlines()[-1])


def _people(node: PlannedNode) -> dict[str, str]:
    # On the volume, so that a region that is there already can be used again.
    where = f"{HOME}/passwords.json"
    bluepacific(
        node.node_id, "identity", "node", "people", "/dev/stdin", "--passwords", where, given=json.dumps(node.people)
    )
    read = f"import pathlib; print(pathlib.Path({where!r}).read_text())"
    return dict(json.loads(python_in(place_of(node.node_id, "identity"), f"deploy/{RELEASE}-identity", read)))


def _enrol(node: PlannedNode) -> None:
    look = f"import pathlib; print(pathlib.Path('{HOME}/enrolment.txt').exists())"
    if python_in(node.node_id, f"deploy/{RELEASE}-exchange", look).strip() == "True":
        return
    invited = bluepacific(CENTRE, "exchange", "node", "invite", node.node_id, "--country", node.country)
    bluepacific(node.node_id, "exchange", "node", "enrol", "--token", "-", given=invited["token"])


@contextmanager
def _forwarded(name: str, port: int) -> Iterator[None]:
    """Forwards a node's gateway to this machine, again and again: a forward ends with its pod."""
    ended = threading.Event()
    running: list[subprocess.Popen[bytes]] = []

    def keep() -> None:
        command = ["kubectl", "port-forward", "-n", name, f"svc/{RELEASE}-gateway", f"{port}:80"]
        while not ended.is_set():
            running[:] = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)]
            with running[0] as process:
                assert process.stderr
                for line in process.stderr:
                    # Its pod is gone, but it would go on listening.
                    if b"lost connection" in line or b"error" in line:
                        process.terminate()
            ended.wait(0.3)

    thread = threading.Thread(target=keep)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        for process in running:
            process.terminate()
        thread.join()


@contextmanager
def _mails(folder: Path) -> Iterator[None]:
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
def _spans(state: Path) -> Iterator[None]:
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
def _controlled(region: Region) -> Iterator[Path]:
    """Serves the region's socket on a thread of its own: the test's own loop may be busy."""
    loop = asyncio.new_event_loop()
    started: list[Path] = []
    ready = threading.Event()
    stop = asyncio.Event()

    async def serve() -> None:
        async with control.listening(region.nodes) as socket:  # type: ignore[arg-type]
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
