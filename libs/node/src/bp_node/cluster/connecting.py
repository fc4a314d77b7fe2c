"""The way to a cluster: what kubectl uses, told plainly when it leads nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bp_node.failure import CommandError

_SECONDS = 15
_FORBIDDEN, _UNAUTHORIZED = 403, 401


@dataclass(frozen=True)
class Place:
    """Where a node is installed.

    Attributes:
        namespace: The node's own.
        release: The name it was given with `helm install`.
    """

    namespace: str
    release: str

    @property
    def selector(self) -> str:
        """Selects everything of the node."""
        return f"app.kubernetes.io/part-of=bluepacific,app.kubernetes.io/instance={self.release}"


class Cluster:
    """The parts of Kubernetes' API that are used here. Made with `connected`."""

    def __init__(self, client: Any) -> None:
        api = client.ApiClient()
        self.client = client
        self.core = client.CoreV1Api(api)
        self.apps = client.AppsV1Api(api)
        self.batch = client.BatchV1Api(api)
        self.storage = client.StorageV1Api(api)
        self.rights = client.AuthorizationV1Api(api)
        self.version = client.VersionApi(api)
        self.api = api


@contextmanager
def connected(context: str) -> Iterator[Cluster]:
    """Gives the cluster within the block.

    Args:
        context: Of the kubeconfig; empty for the current one.

    Raises:
        CommandError: There is no kubeconfig, the cluster does not answer, or it refuses.
    """
    try:
        from kubernetes import client, config  # noqa: PLC0415 - heavy, and only here
        from kubernetes.config import ConfigException  # noqa: PLC0415
        from urllib3.exceptions import HTTPError  # noqa: PLC0415
    except ImportError as error:
        raise CommandError(
            "the Kubernetes client is not installed here: `pip install bluepacific-node[cluster]`"
        ) from error
    try:
        config.load_kube_config(context=context or None)
    except (ConfigException, OSError) as error:
        raise CommandError(f"no cluster is known: {error}; set KUBECONFIG") from error
    try:
        yield Cluster(client)
    except client.ApiException as error:
        if error.status in (_FORBIDDEN, _UNAUTHORIZED):
            raise CommandError(f"the cluster refuses: {_message(error)}") from error
        raise CommandError(f"the cluster answers {error.status}: {_message(error)}") from error
    except HTTPError as error:
        raise CommandError(f"the cluster does not answer: {type(error).__name__}") from error


def seconds() -> dict[str, int]:
    """Returns the deadline that each call gets."""
    return {"_request_timeout": _SECONDS}


def _message(error: Any) -> str:
    import json  # noqa: PLC0415 - seldom

    try:
        return str(json.loads(error.body)["message"])
    except (ValueError, KeyError, TypeError):
        return str(error.reason)
