"""The region of `bluepacific region` on a cluster: the centre and two countries, a namespace each, installed from the charts' examples.

`bluepacific scenario` plays in it as on one machine: the state folder says where the gateways are, e-mails and spans are copied into
it, and its socket holds, kills and releases nodes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bp_node.region.plan import NODES, REGION_FILE, PlannedNode
from tests.cluster import surroundings, watching
from tests.cluster.kube import apply, get, helm, kubectl, python_in
from tests.cluster.nodes import (
    AT_PART,
    CENTRE,
    EXAMPLES,
    HOME,
    IMAGE,
    MOVES,
    PART,
    PORTS,
    POSTGRES_IMAGE,
    RELEASE,
    ClusterNode,
    place_of,
    url_of,
)
from tests.cluster.reaching import reached
from tests.cluster.values import Values, merged, values_of

PLANNED = {node.node_id: node for node in NODES}


@dataclass
class Region:
    """A region that runs on a cluster.

    Attributes:
        state: The folder that `bluepacific scenario` reads.
        chart: What is installed.
        nodes: By name.
        figures: What was measured, for docs/cluster-test.md.
        passwords: Of everybody, by name.
    """

    state: Path
    chart: Path
    nodes: dict[str, ClusterNode]
    figures: dict[str, Any] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)

    def url(self, name: str) -> str:
        return url_of(name)

    def files(self, name: str, changed: Values | None = None) -> list[str]:
        """Returns the arguments that name the values of a release: its example, and what this cluster and this test say."""
        own = self.state / f"{name}-values.json"
        own.write_text(json.dumps(merged(values_of(name), changed or {})))
        example = "mixed-central" if name == PART else EXAMPLES[name]
        return ["-f", str(self.chart / "examples" / f"{example}.yaml"), "-f", str(own)]

    def deploy(self, name: str, changed: Values | None = None, *, where: str = "") -> None:
        """Installs or upgrades a release, in its own namespace or another, and waits until it is ready."""
        waited = ("--wait", "--timeout", "10m")
        helm("upgrade", "--install", RELEASE, str(self.chart), "-n", where or name, *self.files(name, changed), *waited)

    def install(self, name: str) -> None:
        """Installs a node with its people, from nothing or again."""
        surroundings.namespace(name)
        surroundings.passphrase(name)
        if name == CENTRE:
            surroundings.postgres(CENTRE, POSTGRES_IMAGE)
        begun = time.monotonic()
        self.deploy(name)
        if name == "ton":
            surroundings.namespace(PART)
            self._hand_over()
            self.deploy(PART)
        self.figures[f"{name} ready after seconds"] = round(time.monotonic() - begun, 1)
        self.passwords |= _people(PLANNED[name])

    def _hand_over(self) -> None:
        """Gives Tonga's other part the certificates that Tonga made for it; its authority stays in Tonga."""
        for secret in (*(f"{RELEASE}-{service}-tls" for service in (*AT_PART, MOVES)), f"{RELEASE}-page-tokens"):
            held = get(f"secret/{secret}", "ton")[0]
            apply({**held, "metadata": {"name": secret}}, PART)


@contextmanager
def region_on_cluster(state: Path, chart: Path) -> Iterator[Region]:
    """Installs the region within the block; what it made stays afterwards, for whoever wants to look."""
    region = Region(state, chart, {name: ClusterNode(name) for name in EXAMPLES})
    begun = time.monotonic()
    with ThreadPoolExecutor() as pool:
        # All at once: most of an installation is waiting.
        jobs = [pool.submit(surroundings.mail, IMAGE), *(pool.submit(region.install, name) for name in EXAMPLES)]
        for job in jobs:
            job.result()
    for name in EXAMPLES:
        if name != CENTRE:
            _enrol(PLANNED[name])
    region.figures["region stands after seconds"] = round(time.monotonic() - begun, 1)
    with ExitStack() as stack:
        for name, port in PORTS.items():
            stack.enter_context(reached(name, port))
        stack.enter_context(watching.mails_copied(state / "mail" / "new"))
        stack.enter_context(watching.spans_copied(state))
        socket = stack.enter_context(watching.controlled(region.nodes))
        (state / "people.json").write_text(json.dumps(region.passwords))
        (state / REGION_FILE).write_text(json.dumps(_document(region, socket)))
        yield region


def _document(region: Region, socket: Path) -> dict[str, Any]:
    nodes = {
        name: {"country": PLANNED[name].country, "url": region.url(name), "dir": str(region.state / name)}
        for name in EXAMPLES
    }
    people, maildir = region.state / "people.json", region.state / "mail/new"
    return {"control": str(socket), "maildir": str(maildir), "people": str(people), "nodes": nodes}


def bluepacific(name: str, service: str, *arguments: str, given: str = "") -> Any:
    """Runs the `bluepacific` command in a pod of a node, and returns its answer."""
    command = ("python", "-m", "bp_node", *arguments, "--dir", HOME, "--json")
    target = ("exec", "-i", f"deploy/{RELEASE}-{service}", "-c", service)
    said = kubectl(*target, "--", *command, given=given, namespace=place_of(name, service))
    return json.loads(said.splitlines()[-1])


def _people(node: PlannedNode) -> dict[str, str]:
    # On the volume, so that a region that is there already can be used again.
    where = f"{HOME}/passwords.json"
    told = ("node", "people", "/dev/stdin", "--passwords", where)
    bluepacific(node.node_id, "identity", *told, given=json.dumps(node.people))
    read = f"import pathlib; print(pathlib.Path({where!r}).read_text())"
    return dict(json.loads(python_in(place_of(node.node_id, "identity"), f"deploy/{RELEASE}-identity", read)))


def _enrol(node: PlannedNode) -> None:
    look = f"import pathlib; print(pathlib.Path('{HOME}/enrolment.txt').exists())"
    if python_in(node.node_id, f"deploy/{RELEASE}-exchange", look).strip() == "True":
        return
    invited = bluepacific(CENTRE, "exchange", "node", "invite", node.node_id, "--country", node.country)
    bluepacific(node.node_id, "exchange", "node", "enrol", "--token", "-", given=invited["token"])
