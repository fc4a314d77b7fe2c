"""What each release is told beside its example: where things are on a cluster that has neither buckets nor load balancers nor metrics."""

from __future__ import annotations

from typing import Any

from bp_node.region.plan import NODES
from tests.cluster import surroundings
from tests.cluster.nodes import AT_PART, CENTRE, IMAGE, MOVES, PART, RELEASE, url_of

Values = dict[str, Any]


def merged(first: Values, second: Values) -> Values:
    """Returns the first with the second over it, as Helm does it."""
    result = dict(first)
    for key, value in second.items():
        held = result.get(key)
        result[key] = merged(held, value) if isinstance(held, dict) and isinstance(value, dict) else value
    return result


def image(name: str) -> Values:
    """Returns the values that choose an image."""
    repository, _, tag = name.rpartition(":")
    return {"global": {"image": {"repository": repository, "tag": tag}}}


def values_of(where: str) -> Values:
    """Returns what the release in a namespace is told."""
    name = "ton" if where == PART else where
    told = merged(_everywhere(name), image(IMAGE))
    if where == CENTRE:
        return merged(told, _CENTRE)
    if where == "ton":
        return merged(told, _placed(PART, *AT_PART))
    if where == PART:
        return merged(merged(told, _placed("ton", "exchange", "cooperation")), _AWAITING)
    return told


def _everywhere(name: str) -> Values:
    mail = {"host": f"mail.{surroundings.MAIL}.svc.cluster.local", "port": 2525, "security": "none"}
    return {
        "global": {
            "node": {
                "id": name,
                "country": next(node.country for node in NODES if node.node_id == name),
                "publicUrl": url_of(name),
            },
            "gatewayTls": False,
            "link": {"address": f"{RELEASE}-link.{CENTRE}.svc.cluster.local:8101"},
            "mail": mail,
        },
        "catalogue": {"settings": {"uptake_interval": "PT2S"}},
        "training": {"settings": {"participation_interval": "PT2S"}},
    }


# One pod of the catalogue, for the sake of small machines; otherwise as in the example.
_CENTRE: Values = {
    "global": {"link": {"serviceType": "ClusterIP"}},
    "gateway": {"autoscaling": {"enabled": False}},
    "cooperation": {"autoscaling": {"enabled": False}},
    "catalogue": {"replicas": 1},
}


# Where training is not yet.
_AWAITING: Values = {"global": {"place": "central", "awaits": [MOVES]}}


def _placed(where: str, *services: str) -> Values:
    """Returns the values of one part of Tonga's node that name the other, in another namespace, without a bucket."""
    named = {one: _host(one, where) for one in services}
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": where}}}
    return {
        "global": {
            "places": {MOVES: None, **named},
            "otherPlaces": {MOVES: _host(MOVES, where)},
            "bucket": {"url": "", "existingSecret": ""},
            "postgres": {"existingSecret": ""},
            "network": {"placesAt": [peer]},
        },
        MOVES: {"enabled": True},
    }


def _host(service: str, where: str) -> str:
    return f"{RELEASE}-{service}.{where}.svc.cluster.local"
