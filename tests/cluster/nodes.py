"""The nodes of the region on a cluster: which namespace is whose, and what the region's socket may do with a node."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from tests.cluster import surroundings
from tests.cluster.kube import get, is_rolled_out, kubectl, until

IMAGE = os.environ.get("BP_IMAGE", "bluepacific/node:0.1.0")
NEXT_IMAGE = os.environ.get("BP_NEXT_IMAGE", "bluepacific/node:0.1.1")
POSTGRES_IMAGE = os.environ.get("BP_POSTGRES_IMAGE", "bluepacific/postgres-test:1")
RELEASE = "node"
HOME = "/var/lib/bluepacific"
SERVICES = (*surroundings.SERVICES, "gateway")
CENTRE = "ptccc"
EXAMPLES = {"ptccc": "centre", "fji": "country-small", "ton": "mixed"}
# Tonga's other part, and what stands there. Training is at home, and goes there and back: packages that come from other countries would
# need a bucket of both parts, those that are there already go with it.
PART = "ton-central"
AT_PART = ("identity", "notifications", "catalogue")
MOVES = "training"
# Where Fiji's node is restored, and its port then.
RESTORED = "fji-restored"
RESTORED_PORT = 18250
PORTS = {"ptccc": 18100, "fji": 18200, "ton": 18300}


def url_of(name: str) -> str:
    """Returns where a node's gateway is reached on this machine."""
    return f"http://127.0.0.1:{PORTS[name]}"


def place_of(name: str, service: str) -> str:
    """Returns the namespace in which a service of a node stands."""
    return PART if name == "ton" and service in AT_PART else name


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
            ours = ("-l", "app.kubernetes.io/part-of=bluepacific")
            kubectl("scale", "deployments", *ours, "--replicas=0", namespace=self.name)
            kubectl("delete", "pods", *chosen, namespace=self.name)
            until("no pod is left", lambda: self.pid is None, 60)

    def release(self) -> None:
        self.held = False
        self.restarts += 1
        for name, count in self._replicas.items():
            kubectl("scale", "deployment", name, f"--replicas={count}", namespace=self.name)
