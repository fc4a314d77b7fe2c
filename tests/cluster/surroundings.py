"""What a node needs around it, as small as it can be: PostgreSQL, and a mail server that keeps what it gets."""

from __future__ import annotations

from typing import Any

from tests.cluster.kube import apply, kubectl

SERVICES = ("exchange", "identity", "notifications", "cooperation", "catalogue", "training")
MAIL = "bp-mail"
_PASSWORD = "for-this-test-only"
_CATCHER = """
import asyncio, pathlib
from bp_node.mail import catching
async def main():
    async with catching(pathlib.Path("/tmp/mail"), host="0.0.0.0", port=2525):
        await asyncio.Event().wait()
asyncio.run(main())
"""


def namespace(name: str) -> None:
    """Makes a namespace that takes only restricted pods."""
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})


def passphrase(where: str) -> None:
    """Makes the Secret that opens a node's backups."""
    text = {"passphrase": "correct horse battery staple"}
    apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "backup"}, "stringData": text}, where)


def postgres(where: str, image: str) -> None:
    """Runs PostgreSQL in a namespace, with a database a service, and the Secret that names them."""
    environment = [{"name": "POSTGRES_PASSWORD", "value": _PASSWORD}]
    pod = _pod("postgres", image, [], 5432, environment)
    pod["spec"]["volumes"].append({"name": "data", "persistentVolumeClaim": {"claimName": "postgres"}})
    pod["spec"]["containers"][0]["volumeMounts"].append({"name": "data", "mountPath": "/data"})
    pod["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"] = False
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    apply({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "postgres"}, "spec": claim}, where)
    _run(where, "postgres", pod, 5432)
    for service in SERVICES:
        made = (
            "exec",
            "deploy/postgres",
            "--",
            "env",
            f"PGPASSWORD={_PASSWORD}",
            "psql",
            "-h",
            "127.0.0.1",
            "-U",
            "postgres",
        )
        if service not in kubectl(*made, "-tc", "SELECT datname FROM pg_database", namespace=where):
            kubectl(*made, "-c", f"CREATE DATABASE {service}", namespace=where)
    urls = {name: f"postgresql+asyncpg://postgres:{_PASSWORD}@postgres:5432/{name}" for name in SERVICES}
    apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "databases"}, "stringData": urls}, where)


def mail(image: str) -> None:
    """Runs the mail catcher in a namespace of its own."""
    namespace(MAIL)
    pod = _pod("mail", image, ["-c", _CATCHER], 2525, [])
    pod["spec"]["containers"][0]["command"] = ["python"]
    _run(MAIL, "mail", pod, 2525)


def _run(where: str, name: str, pod: dict[str, Any], port: int) -> None:
    selector = {"matchLabels": pod["metadata"]["labels"]}
    spec = {"replicas": 1, "strategy": {"type": "Recreate"}, "selector": selector, "template": pod}
    apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}, where)
    ports = {"selector": pod["metadata"]["labels"], "ports": [{"port": port}]}
    apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": ports}, where)
    kubectl("rollout", "status", f"deploy/{name}", "--timeout=300s", namespace=where)


def _pod(name: str, image: str, arguments: list[str], port: int, environment: list[dict[str, str]]) -> dict[str, Any]:
    container = {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "env": environment,
        "ports": [{"containerPort": port}],
        "readinessProbe": {"tcpSocket": {"port": port}, "periodSeconds": 2},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        # Without a request Kubernetes gives a pod a five-hundredth of a machine that others want; everybody then waits for it.
        "resources": {"requests": {"cpu": "400m", "memory": "128Mi"}},
    }
    if arguments:
        container["args"] = arguments
    spec = {
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "runAsGroup": 10001,
            "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    return {"metadata": {"labels": {"app": name}}, "spec": spec}
