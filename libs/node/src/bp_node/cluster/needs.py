"""What a node needs that its chart does not make: the Secrets that its values name, with their keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bp_node.cluster import helm
from bp_node.cluster.connecting import Cluster, Place, connected, seconds
from bp_node.failure import CommandError

_NOT_FOUND = 404


def check_needs(context: str, place: Place, chart: Path, values: Sequence[Path]) -> None:
    """Returns when all that the values name is there.

    Raises:
        CommandError: Helm refuses the values, or a Secret or one of its keys is missing.
    """
    import yaml  # noqa: PLC0415 - comes with the Kubernetes client

    with connected(context) as cluster:
        version = cluster.version.get_code(**seconds()).git_version
    objects = [one for one in yaml.safe_load_all(helm.rendered(chart, place, values, version)) if one]
    made = {one["metadata"]["name"] for one in objects if one["kind"] == "Secret"}
    wanted: dict[str, set[str]] = defaultdict(set)
    for name, key in _secrets(objects):
        if name not in made:
            wanted[name] |= {key} if key else set()
    with connected(context) as cluster:
        for name, keys in sorted(wanted.items()):
            _check(cluster, place, name, keys)


def _check(cluster: Cluster, place: Place, name: str, keys: set[str]) -> None:
    try:
        held = cluster.core.read_namespaced_secret(name, place.namespace, **seconds()).data or {}
    except cluster.client.ApiException as error:
        if error.status != _NOT_FOUND:
            raise
        held = None
    missing = sorted(keys - set(held or {}))
    if held is None or missing:
        what = (
            f"the Secret {name} is not"
            if held is None
            else f"the keys {', '.join(missing)} of the Secret {name} are not"
        )
        literals = "".join(f" --from-literal={key}=…" for key in sorted(keys))
        made = f"`kubectl create secret generic {name} -n {place.namespace}{literals}`"
        raise CommandError(
            f"{what} in namespace {place.namespace}, but the values name it: {made}; nothing was changed"
        )


def _secrets(document: Any) -> Iterator[tuple[str, str]]:
    """Yields the Secrets that objects refer to, with the key where one is named."""
    if isinstance(document, list):
        for one in document:
            yield from _secrets(one)
    elif isinstance(document, dict):
        if isinstance(found := document.get("secretKeyRef"), dict):
            yield str(found["name"]), str(found["key"])
        if isinstance(found := document.get("secret"), dict) and "secretName" in found:
            yield str(found["secretName"]), ""
            yield from ((str(found["secretName"]), str(one["key"])) for one in found.get("items", ()))
        for one in document.values():
            yield from _secrets(one)
