"""kubectl and helm, as an operator uses them."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

_WAIT_SECONDS = 300


def kubectl(*arguments: str, given: str = "", namespace: str = "") -> str:
    """Runs kubectl and returns what it wrote; fails with what it said."""
    where = ("-n", namespace) if namespace else ()
    return _run("kubectl", *where, *arguments, given=given)


def helm(*arguments: str) -> str:
    return _run("helm", *arguments)


def apply(document: dict[str, Any], namespace: str = "") -> None:
    kubectl("apply", "-f", "-", given=json.dumps(document), namespace=namespace)


def get(kind: str, namespace: str, *selectors: str) -> list[dict[str, Any]]:
    """Returns objects of a kind."""
    found = json.loads(kubectl("get", kind, "-o", "json", *selectors, namespace=namespace))
    return found.get("items", [found])


def python_in(namespace: str, target: str, program: str, given: str = "") -> str:
    """Runs a Python program in a pod, which has no shell to rely on."""
    return kubectl("exec", "-i", target, "--", "python", "-I", "-S", "-c", program, given=given, namespace=namespace)


def until(what: str, look: Any, seconds: float = _WAIT_SECONDS) -> Any:
    """Looks until there is something.

    Raises:
        AssertionError: There is not within the time.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.5)
    raise AssertionError(f"not so within {seconds} s: {what}")


def is_rolled_out(namespace: str) -> bool:
    """Tells whether every workload runs as it was last told, and nothing of the one before is left."""
    return all(_is_done(one) for one in get("deployments", namespace))


def _is_done(deployment: dict[str, Any]) -> bool:
    wanted, status = deployment["spec"]["replicas"], deployment.get("status", {})
    return (
        status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
        and status.get("updatedReplicas", 0) == status.get("availableReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
    )


def _run(program: str, *arguments: str, given: str = "") -> str:
    done = subprocess.run([program, *arguments], input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{program} {' '.join(arguments)}: {done.stderr.strip()[-2000:]}"
    return done.stdout


CHARTS = Path(__file__).parents[2] / "charts"
