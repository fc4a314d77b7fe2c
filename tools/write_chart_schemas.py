"""Writes charts/*/values.schema.json: `settings` from the services' own settings models, the rest from the shapes below.

And charts/node/files/grpc.json: which gRPC services there are for people and programs.

python tools/write_chart_schemas.py [--check]
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from pydantic_settings import BaseSettings

from bp_gateway.surface import bindings_of, packaged_descriptors
from bp_kit.settings import ServiceSettings

ROOT = Path(__file__).resolve().parents[1] / "charts"
SERVICES = ("exchange", "identity", "notifications", "cooperation", "catalogue", "training", "gateway")
# Decided by the chart for every service, beside what its values.yaml has in `fromNode`.
_DECIDED = {"database_url", "key_dir", "pod", "hosted", "queue_dir"}
_DIALECT = "https://json-schema.org/draft-07/schema#"
_COUNTRY = {"type": "string", "pattern": "^[A-Z]{3}$"}
_QUANTITY = {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?(Ki|Mi|Gi|Ti|m)?$"}


def _closed(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**shape, "required": list(required)} if required else shape


def _several(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _text(*allowed: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(allowed)} if allowed else {"type": "string"}


def _count(least: int, most: int | None = None) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, **({"maximum": most} if most else {})}


def _settings_of(service: str) -> type[BaseSettings]:
    module = import_module(f"bp_{service}.settings")
    bases = (ServiceSettings, BaseSettings)
    return next(
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, bases) and value.__module__ == module.__name__
    )


def _settings_shape(service: str, decided: set[str]) -> dict[str, Any]:
    model = _settings_of(service)
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    properties = {}
    for name, shape in schema["properties"].items():
        if name in decided or shape.get("writeOnly"):
            continue
        properties[name] = _resolved({key: value for key, value in shape.items() if key != "title"}, definitions)
    return _closed(properties)


def _resolved(shape: Any, definitions: dict[str, Any]) -> Any:
    """Puts what `$ref` names in its place, and leaves out what draft 7 and Helm do not need."""
    if isinstance(shape, list):
        return [_resolved(one, definitions) for one in shape]
    if not isinstance(shape, dict):
        return shape
    if "$ref" in shape:
        found = definitions[shape["$ref"].rpartition("/")[2]]
        return _resolved({**found, **{key: value for key, value in shape.items() if key != "$ref"}}, definitions)
    return {key: _resolved(value, definitions) for key, value in shape.items() if key not in ("title", "format")}


def service_schema(service: str) -> dict[str, Any]:
    """Returns the schema of a service's chart."""
    values = yaml.safe_load((ROOT / service / "values.yaml").read_text(encoding="utf-8"))
    decided = _DECIDED | {name.lower() for name in values["fromNode"]}
    secret = _closed({"name": _text(), "existingSecret": _text(), "key": _text()}, "name", "existingSecret", "key")
    properties: dict[str, Any] = {
        "global": {"type": "object"},
        "bluepacific-library": {"type": "object"},
        "enabled": {"type": "boolean"},
        "replicas": _count(1, 50),
        "autoscaling": _closed(
            {"enabled": {"type": "boolean"}, "maxReplicas": _count(1, 100), "cpuPercent": _count(1, 100)}
        ),
        "resources": {"type": "object"},
        "nodeSelector": {"type": "object", "additionalProperties": {"type": "string"}},
        "settings": _settings_shape(service, decided),
        "secretSettings": _several(secret),
        "keepsKeys": {"const": values["keepsKeys"]},
        "fromNode": {"const": values["fromNode"]},
    }
    if service == "gateway":
        properties["serviceType"] = _text("ClusterIP", "NodePort", "LoadBalancer")
        properties["queueStorage"] = {"anyOf": [_text(""), _QUANTITY]}
    else:
        properties["storage"] = _QUANTITY
    return {"$schema": _DIALECT, **_closed(properties)}


def node_schema() -> dict[str, Any]:
    """Returns the schema of the node's chart."""
    route = _closed(
        {"enabled": {"type": "boolean"}, "parentRefs": _several({"type": "object"}), "hostnames": _several(_text())}
    )
    ingress = _closed(
        {
            "enabled": {"type": "boolean"},
            "className": _text(),
            "host": _text(),
            "tlsSecret": _text(),
            "annotations": {"type": "object"},
        }
    )
    backup = _closed(
        {
            "passphraseSecret": _text(),
            "schedule": {"type": "string", "pattern": "^(\\S+( \\S+){4})?$"},
            "keep": _count(1, 10000),
            "storage": _QUANTITY,
            "className": _text(),
            "deadlineSeconds": _count(60),
            "resources": {"type": "object"},
        }
    )
    # What a service may be told is in its own chart's schema.
    services: dict[str, Any] = {service: {"type": "object"} for service in SERVICES}
    library = {"bluepacific-library": {"type": "object"}}
    ways = {"httpRoute": route, "grpcRoute": route, "ingress": ingress}
    shape = _closed({"global": _global(), "backup": backup, **ways, **services, **library})
    return {"$schema": _DIALECT, **shape}


def exposed_services() -> dict[str, list[str]]:
    """Returns the gRPC services that people and programs may call, by the service that has them."""
    found: dict[str, list[str]] = {}
    for binding in bindings_of(packaged_descriptors()):
        name = binding.method.containing_service.full_name
        names = found.setdefault(name.split(".")[1], [])
        if name not in names:
            names.append(name)
    # The gateway's own, which nobody reaches but through it.
    found.pop("queue", None)
    return {service: sorted(names) for service, names in sorted(found.items())}


def _global() -> dict[str, Any]:
    node = _closed(
        {
            "id": {"type": "string", "pattern": "^[a-z][a-z0-9-]{1,30}$"},
            "country": _COUNTRY,
            "countries": _several(_COUNTRY),
            "centre": {"type": "boolean"},
            "publicUrl": {
                "type": "string",
                "pattern": "^(https://[^/]+|http://(127\\.0\\.0\\.1|localhost)(:[0-9]+)?)$",
            },
        },
        "id",
        "country",
        "publicUrl",
    )
    peers = _several({"type": "object"})
    named = {"type": "string", "minLength": 1}
    hosted = _closed(dict.fromkeys(("namespace", "release", "tlsSecret"), named), "namespace", "release", "tlsSecret")
    address = {"type": "string", "pattern": "^[^:/ ]+:[0-9]+$"}
    return _closed(
        {
            "node": node,
            "link": _closed(
                {
                    "address": address,
                    "serviceType": _text("ClusterIP", "NodePort", "LoadBalancer"),
                    "nodePort": {"type": ["integer", "null"]},
                },
                "address",
            ),
            "image": _closed(
                {
                    "repository": {"type": "string", "minLength": 1},
                    "tag": _text(),
                    "digest": {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"},
                    "pullPolicy": _text("IfNotPresent", "Always", "Never"),
                    "pullSecrets": _several(_text()),
                }
            ),
            "mail": _closed(
                {
                    "host": {"type": "string", "minLength": 1},
                    "port": _count(1, 65535),
                    "security": _text("none", "starttls", "tls"),
                    "from": {"type": "string", "pattern": "@"},
                },
                "host",
            ),
            "postgres": _closed({"existingSecret": _text(), "port": _count(1, 65535)}),
            "storage": _closed(
                {"className": _text(), "accessMode": _text("ReadWriteOnce", "ReadWriteMany"), "blobs": _QUANTITY}
            ),
            "bucket": _closed(
                {
                    "url": {"type": "string", "pattern": "^(s3://.+)?$"},
                    "endpoint": {"type": "string", "pattern": "^(https?://.+)?$"},
                    "region": _text(),
                    "existingSecret": _text(),
                    "port": _count(1, 65535),
                }
            ),
            "tls": _closed(
                {
                    "days": _count(2, 3650),
                    "existing": {"type": "boolean"},
                    "publicSecret": _text(),
                    "renewal": {"type": ["string", "integer"]},
                    "hosts": _several(_text()),
                }
            ),
            "places": _closed({one: {"type": "string", "pattern": "^[a-z0-9.-]+$"} for one in SERVICES}),
            "place": _text("local", "central"),
            "otherPlaces": _closed(
                {one: {"type": "string", "pattern": "^[a-z0-9.-]+$"} for one in SERVICES if one != "gateway"}
            ),
            "hosted": {"type": "object", "propertyNames": _COUNTRY, "additionalProperties": hosted},
            "awaits": _several(_text(*(one for one in SERVICES if one != "gateway"))),
            "pageTokens": _closed({"existing": {"type": "boolean"}}),
            "gatewayTls": {"type": "boolean"},
            "paused": {"type": "boolean"},
            "drainSeconds": _count(0, 600),
            "telemetry": _closed(
                {
                    "otlpEndpoint": {"type": "string", "pattern": "^(https?://[^/]+:[0-9]+/?)?$"},
                    "sampleRatio": {"type": "number", "minimum": 0, "maximum": 1},
                    "logLevel": _text("DEBUG", "INFO", "WARNING", "ERROR"),
                }
            ),
            "network": _closed(
                dict.fromkeys(
                    (
                        "peopleFrom",
                        "countriesFrom",
                        "centreAt",
                        "postgresAt",
                        "bucketAt",
                        "mailAt",
                        "placesAt",
                        "callersFrom",
                    ),
                    peers,
                )
            ),
            "nodeSelector": {"type": "object", "additionalProperties": {"type": "string"}},
            "tolerations": _several({"type": "object"}),
        },
        "node",
        "link",
        "mail",
    )


def _written(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Writes the schemas, or tells which are not what they should be."""
    wanted = {ROOT / service / "values.schema.json": _written(service_schema(service)) for service in SERVICES}
    wanted[ROOT / "node" / "values.schema.json"] = _written(node_schema())
    wanted[ROOT / "node" / "files" / "grpc.json"] = _written(exposed_services())
    stale = [file for file, text in wanted.items() if not file.exists() or file.read_text(encoding="utf-8") != text]
    if "--check" not in sys.argv:
        for file in stale:
            file.write_text(wanted[file], encoding="utf-8")
        return 0
    for file in stale:
        print(f"drift: {file.relative_to(ROOT.parent)} is not what the settings say; run 'make generate' and commit")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
