"""A region under real eyes: Jaeger and Prometheus as deploy/observability sets them up, a working day, and what they then show.

    make observe [JAEGER=program] [PROMETHEUS=program] [ARGS="--base-port N --stay"]

Neither is in a package registry as a wheel; docs/observability.md says how to have them. Shown are one trace that leads from one node to
another, and that every metric the kit declares is in Prometheus. Ends with 1 where something is missing. `--stay` leaves all up until
Ctrl-C.
"""

# ruff: noqa: T201 - it tells what it saw

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bp_kit.measures import MEASURES, QUEUE_ASIDE

ROOT = Path(__file__).resolve().parents[2]
SETUP = ROOT / "deploy/observability"
_JAEGER, _PROMETHEUS = "http://127.0.0.1:16686", "http://127.0.0.1:9090"
_PATIENCE_SECONDS = 900
# All but what is there only when something was set aside, as on no good day.
_DAILY = [one.prometheus for one in MEASURES if one is not QUEUE_ASIDE]


def main() -> int:
    """Runs all of it; returns the exit code."""
    options = argparse.ArgumentParser(description="A region under real eyes.")
    options.add_argument("--jaeger", default="jaeger")
    options.add_argument("--prometheus", default="prometheus")
    options.add_argument("--base-port", type=int, default=8100)
    options.add_argument("--stay", action="store_true", help="leave all up until Ctrl-C")
    chosen = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and what was started ends with it
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        place = Path(folder)
        keeps = (
            f"--storage.tsdb.path={place}/tsdb",
            "--web.enable-otlp-receiver",
            "--web.listen-address=127.0.0.1:9090",
        )
        config = f"--config.file={SETUP}/prometheus.yaml"
        stack.enter_context(_running(place / "prometheus.log", chosen.prometheus, config, *keeps))
        stack.enter_context(_running(place / "jaeger.log", chosen.jaeger, f"--config={SETUP}/one-machine.yaml"))
        _until("Jaeger and Prometheus", lambda: _get(f"{_JAEGER}/api/services") and _get(f"{_PROMETHEUS}/-/ready"))
        region = [*_command("region"), "--state", str(place / "region"), "--base-port", str(chosen.base_port)]
        told = {"BP_NODE__OTLP_ENDPOINT": "http://127.0.0.1:4317", "OTEL_METRIC_EXPORT_INTERVAL": "5000"}
        smtp = ["--smtp-port", str(chosen.base_port + 50)]
        stack.enter_context(_running(place / "region.log", *region, *smtp, **told))
        _until("the region", (place / "region/region.json").exists)
        day = subprocess.run([*_command("scenario"), "--state", str(place / "region")], check=False)
        found = [day.returncode == 0, _shows_trace(), _shows_metrics()]
        if chosen.stay:
            print(f"{_JAEGER} and {_PROMETHEUS} until Ctrl-C", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                time.sleep(86_400)
        return 0 if all(found) else 1


def _command(verb: str) -> list[str]:
    return [sys.executable, "-m", "bp_node", verb]


@contextlib.contextmanager
def _running(log: Path, *command: str, **told: str) -> Iterator[None]:
    """Runs a program within the block; what it says is shown when it fails to start."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **told})
        try:
            yield
        except TimeoutError:
            print(log.read_text(errors="replace")[-2000:], file=sys.stderr)
            raise
        finally:
            process.terminate()
            process.wait(60)


def _until(what: str, happened: Callable[[], Any]) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if happened():
                return
        time.sleep(0.5)
    raise TimeoutError(f"{what} did not come")


def _get(url: str, **query: str | int) -> bytes:
    with urllib.request.urlopen(f"{url}?{urllib.parse.urlencode(query)}", timeout=30) as answer:
        content: bytes = answer.read()
    return content


def _shows_trace() -> bool:
    """Prints the trace that passes most nodes; False when none passes two."""
    traces: list[dict[str, Any]] = []

    def passed() -> bool:
        asked = _get(f"{_JAEGER}/api/traces", service="fji/bluepacific", lookback="1h", limit=1500)
        traces[:] = json.loads(asked)["data"]
        return any(len(_nodes(one)) > 1 and "SendRequest" in json.dumps(one) for one in traces)

    with contextlib.suppress(TimeoutError):
        _until("a trace over two nodes", passed)
    wide = [one for one in traces if len(_nodes(one)) > 1]
    sent = [one for one in wide if "SendRequest" in json.dumps(one)]
    print(f"Jaeger: {len(traces)} traces of Fiji, {len(wide)} of them over several nodes")
    if sent:
        _print_tree(max(sent, key=lambda one: len(one["spans"])))
    return bool(sent)


def _nodes(trace: dict[str, Any]) -> set[str]:
    return {one["serviceName"] for one in trace["processes"].values()}


def _print_tree(trace: dict[str, Any]) -> None:
    spans = sorted(trace["spans"], key=lambda one: one["startTime"])
    begun = spans[0]["startTime"]
    parents = {one["spanID"]: next((r["spanID"] for r in one["references"]), "") for one in spans}
    print(f"trace {trace['traceID']}, {len(spans)} spans, {', '.join(sorted(_nodes(trace)))}")
    for one in spans:
        depth, above = 0, parents[one["spanID"]]
        while above in parents:
            depth, above = depth + 1, parents[above]
        node = trace["processes"][one["processID"]]["serviceName"]
        millis = (one["startTime"] - begun) / 1000, one["duration"] / 1000
        print(f"  {'  ' * depth}{node}  +{millis[0]:.0f} ms, {millis[1]:.1f} ms  {one['operationName']}")


def _shows_metrics() -> bool:
    """Prints which of the kit's metrics are in Prometheus, and the alerts that it has loaded."""
    missing: set[str] = set()

    def here() -> bool:
        names = set(json.loads(_get(f"{_PROMETHEUS}/api/v1/label/__name__/values"))["data"])
        missing.clear()
        missing.update(one for one in _DAILY if not names & {one, f"{one}_bucket"})
        return not missing

    with contextlib.suppress(TimeoutError):
        _until("the metrics", here)
    groups = json.loads(_get(f"{_PROMETHEUS}/api/v1/rules", type="alert"))["data"]["groups"]
    alerts = [rule for group in groups for rule in group["rules"]]
    firing = sorted(rule["name"] for rule in alerts if rule["state"] == "firing")
    print(f"Prometheus: {len(_DAILY) - len(missing)} of {len(_DAILY)} metrics; missing: {sorted(missing) or 'none'}")
    print(
        f"Prometheus: {len(alerts)} alerts loaded, {sum(rule['health'] == 'ok' for rule in alerts)} healthy, firing: {firing}"
    )
    return not missing


if __name__ == "__main__":
    sys.exit(main())
