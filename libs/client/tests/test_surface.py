from __future__ import annotations

import importlib.util
from pathlib import Path

from bp_client import surface

_ROOT = Path(__file__).resolve().parents[1]


def test_the_types_are_what_is_found_at_run_time():
    spec = importlib.util.spec_from_file_location("write_surface", _ROOT / "tools" / "write_surface.py")
    assert spec
    assert spec.loader
    writer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(writer)
    assert Path(surface.__file__).with_suffix(".pyi").read_text() == writer.text(), "run tools/generate.sh"


def test_plurals():
    words = ("country", "request", "access_request", "entity", "day", "process")
    assert [surface.plural(word) for word in words] == [
        "countries",
        "requests",
        "access_requests",
        "entities",
        "days",
        "processes",
    ]
