"""The frameworks that courses are tagged with: the project's own copy of public facts."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import yaml

_FRAMEWORKS = ("global_policing_goals", "blue_pacific_2050", "sdg_targets")


@lru_cache(maxsize=1)
def known_tags() -> frozenset[str]:
    """Returns the codes of all frameworks: `GPG7`, `BP3`, `14.4`."""
    document = yaml.safe_load(files("bp_training").joinpath("reference/frameworks.yaml").read_text("utf-8"))
    return frozenset(str(code) for framework in _FRAMEWORKS for code in document[framework])
