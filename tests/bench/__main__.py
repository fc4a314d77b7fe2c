"""Runs benchmarks as processes of their own and keeps what they measured in docs/bench.md.

`python -m tests.bench` runs all, `python -m tests.bench gateway` one. Each benchmark takes `--json FILE` and writes a list of
`{"name", "unit", "min", "median", "max"}`; its section in docs/bench.md is replaced, the others stay. What is said about it there stands
before the table, from `about.md` in its folder. Options of one benchmark may follow its name.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

NAMES = ("access", "gateway", "exchange", "footprint", "proof", "link", "growth", "wire", "cluster")
# What needs no cluster.
_HERE = tuple(name for name in NAMES if name != "cluster")
ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "bench.md"
_HEAD = """# Benchmarks

As measured, by the command above each table. Machines differ and are noisy: ratios come from one run, times are minimum, median and
maximum of its rounds.
"""


def main() -> int:
    """Runs what was asked for and returns how many failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=(*NAMES, []), help="which; all but cluster when none is named")
    chosen, more = parser.parse_known_args()
    failed = 0
    for name in chosen.names or _HERE:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out.json"
            print(f"== {name}", flush=True)
            done = subprocess.run(
                [sys.executable, "-m", f"tests.bench.{name}", "--json", str(out), *more], cwd=ROOT, check=False
            )
            if done.returncode or not out.exists():
                print(f"{name} failed", file=sys.stderr)
                failed += 1
                continue
            keep(name, json.loads(out.read_text()))
    return failed


def keep(name: str, rows: list[dict[str, object]]) -> None:
    """Replaces a benchmark's section of the page."""
    text = PAGE.read_text() if PAGE.exists() else _HEAD
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL))
    sections[name] = _section(name, rows)
    PAGE.write_text(_HEAD + "".join(f"\n## {key}\n{body.rstrip()}\n" for key, body in sorted(sections.items())))
    print(f"kept in {PAGE.relative_to(ROOT)}")


def _section(name: str, rows: list[dict[str, object]]) -> str:
    day = datetime.now(UTC).date()
    lines = [f"\n`make bench-{name}`, {day}, {os.cpu_count()} cores, Python {platform.python_version()}\n"]
    about = Path(__file__).parent / name / "about.md"
    lines += [about.read_text(encoding="utf-8")] if about.exists() else []
    lines += ["| measure | unit | min | median | max |", "|---|---|---:|---:|---:|"]
    for row in rows:
        figures = " | ".join(_figure(row[column]) for column in ("min", "median", "max"))
        lines.append(f"| {row['name']} | {row['unit']} | {figures} |")
    return "\n".join(lines) + "\n"


def _figure(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) and abs(value) < 1000 else f"{value:,.0f}"


if __name__ == "__main__":
    sys.exit(main())
