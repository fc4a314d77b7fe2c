"""The reference list: the project's own copy of public facts about INTERPOL's capabilities."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml

from bp_catalogue.domain.capability import Facts


@lru_cache(maxsize=1)
def reference_capabilities() -> Mapping[str, Facts]:
    """Returns the facts of all capabilities of the list, by code, in its order."""
    document = yaml.safe_load(files("bp_catalogue").joinpath("reference/capabilities.yaml").read_text("utf-8"))
    return MappingProxyType({entry["code"]: _facts(entry) for entry in document["capabilities"]})


def _facts(entry: Mapping[str, Any]) -> Facts:
    return Facts(
        title=entry["name"],
        description=entry["about"],
        kind=entry["kind"].upper(),
        goals=tuple(entry["goals"]),
        sdg_targets=tuple(entry["sdg"]),
    )
