"""`bluepacific cluster preflight` before a cluster that is too old, has another time, or gives no rights: told in one line each."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bp_kit.ports import system_clock


@dataclass
class Api:
    """What a cluster's API says of itself: a real one of 1.31, or with a wrong clock, is not to be had here."""

    minor: str = "34"
    ahead: timedelta = timedelta()
    allowed: bool = True
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str) -> dict[str, object]:
        if path.rstrip("/") == "/version":
            told = dict.fromkeys(("gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform"), "x")
            return {"major": "1", "minor": self.minor, "gitVersion": f"v1.{self.minor}.0", **told}
        if path.endswith("selfsubjectaccessreviews"):
            return {"spec": {}, "status": {"allowed": self.allowed}}
        if path.endswith("storageclasses"):
            default = {"storageclass.kubernetes.io/is-default-class": "true"}
            return {"items": [{"metadata": {"name": "standard", "annotations": default}, "provisioner": "x"}]}
        ready = {"conditions": [{"type": "Ready", "status": "True"}], "allocatable": {"memory": "4Gi"}}
        return {"items": [{"metadata": {"name": "node-1"}, "status": ready}]}


@contextmanager
def serving(api, folder):
    """Serves an API and gives its kubeconfig."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            api.asked.append(f"{self.command} {self.path.partition('?')[0]}")
            body = json.dumps(api.answer(self.path.partition("?")[0])).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - as the library wants it

        def date_time_string(self, timestamp=None):
            return format_datetime(system_clock() + api.ahead, usegmt=True)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    file = folder / "kubeconfig"
    file.write_text(json.dumps(config))
    try:
        yield file
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def preflight(api, folder, monkeypatch):
    with serving(api, folder) as config:
        monkeypatch.setenv("KUBECONFIG", str(config))
        command = [sys.executable, "-m", "bp_node", "cluster", "preflight", "--namespace", "fji", "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    found = [one["what"] for one in json.loads(done.stdout)["findings"]]
    # Nothing is changed by looking: only questions about one's own rights are posted.
    assert {one for one in api.asked if not one.startswith("GET ")} <= {
        "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    }
    return done, found


@pytest.mark.parametrize(
    ("api", "told"),
    [
        (Api(), ""),
        (Api(minor="31"), "the cluster is Kubernetes v1.31.0; 1.32 or newer is needed"),
        (Api(ahead=timedelta(hours=1)), "the cluster's clock and this machine's differ by 3"),
        (Api(ahead=-timedelta(hours=1)), "the cluster's clock and this machine's differ by 3"),
        (Api(allowed=False), "you may not create deployments in namespace fji"),
    ],
    ids=["well", "old", "ahead", "behind", "no-rights"],
)
def test_what_a_cluster_lacks_is_told_before_anything_is_changed(api, told, tmp_path, monkeypatch):
    done, found = preflight(api, tmp_path, monkeypatch)
    assert bool(done.returncode) is bool(told)
    assert found[:1] == ([one for one in found if one.startswith(told)][:1] if told else [])
    if told:
        (line,) = done.stderr.splitlines()
        assert line.startswith("bluepacific: fji for node: ")
