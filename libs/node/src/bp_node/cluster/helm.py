"""Helm and kubectl, as the operator has them: what the Kubernetes client has no word for."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from bp_node.cluster.connecting import Place
from bp_node.failure import CommandError

_LOOK_SECONDS = 2.0
KUBECTL_PYTHON = ("python", "-I", "-S", "-c")


def needed(*programs: str) -> None:
    """Returns when these programs are here.

    Raises:
        CommandError: One is not.
    """
    for program in programs:
        if not shutil.which(program):
            raise CommandError(f"{program} is not installed here")


def check_chart(chart: Path) -> None:
    """Returns when there is a chart.

    Raises:
        CommandError: There is none.
    """
    if not (chart / "Chart.yaml").is_file() and chart.suffix != ".tgz":
        raise CommandError(f"{chart} is no chart; make one with `make charts`")


def named(place: Place) -> list[str]:
    """Returns the arguments that say where."""
    return ["-n", place.namespace]


def files_of(values: Sequence[Path]) -> list[str]:
    """Returns the arguments that name files of values."""
    return [part for file in values for part in ("-f", str(file))]


def helm(context: str, *arguments: str) -> str:
    """Runs Helm and returns why it failed; empty when it did not."""
    done = _run(["helm", *arguments, *(["--kube-context", context] if context else [])])
    return _why(done.stderr) if done.returncode else ""


def helm_until(hopeless: Callable[[], str], context: str, *arguments: str) -> str:
    """Runs Helm, ends it early when it waits for what will not come, and returns why it failed; empty when it did not."""
    command = ["helm", *arguments, *(["--kube-context", context] if context else [])]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - as below
        why = ""
        while not why:
            try:
                _, told = process.communicate(timeout=_LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                why = hopeless()
            else:
                return _why(told) if process.returncode else ""
        # It notes that the release failed, and ends.
        process.terminate()
        process.communicate()
        return why


def _why(told: str) -> str:
    lines = told.strip().splitlines()
    return lines[-1] if lines else "helm failed"


def rendered(chart: Path, place: Place, values: Sequence[Path], version: str) -> str:
    """Returns the objects that a chart makes on a Kubernetes of that version, as YAML.

    Raises:
        CommandError: Helm refuses the values.
    """
    told = [*named(place), *files_of(values), "--kube-version", version]
    done = _run(["helm", "template", place.release, str(chart), *told])
    if done.returncode:
        raise CommandError(f"the values are refused: {_one_line(done.stderr)}")
    return done.stdout


def revision_of(context: str, place: Place) -> int:
    """Returns the release's revision; 0 where there is no such release."""
    command = ["helm", "status", place.release, *named(place), "-o", "json"]
    done = _run([*command, *(["--kube-context", context] if context else [])])
    return 0 if done.returncode else int(json.loads(done.stdout)["version"])


def execute(context: str, place: Place, pod: str, *command: str) -> list[str]:
    """Returns the command that runs a program in a pod."""
    where = ["--context", context] if context else []
    return ["kubectl", *where, *named(place), "exec", "-i", pod, "--", *command]


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - Helm, with what the operator said


def _one_line(told: str) -> str:
    """Helm tells what a schema refuses in a list below a heading."""
    lines = [line.strip(" -") for line in told.strip().splitlines()]
    return "; ".join(line for line in lines if line and "don't meet the specifications" not in line)
