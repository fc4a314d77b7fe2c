"""The languages people read, and the choice among them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

LANGUAGES = ("en", "fr", "es", "ar")
RIGHT_TO_LEFT = frozenset({"ar"})


def pick(texts: Mapping[str, str], language: str) -> str:
    """Returns the text in that language, else in English, else any; empty when there is none."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


@lru_cache(maxsize=512)
def negotiate(accept_language: str) -> str:
    """Returns the best of `LANGUAGES` for an Accept-Language header (RFC 9110, 12.5.4); English when none fits."""
    wanted = []
    for position, part in enumerate(accept_language.split(",")[:20]):
        tag, _, parameters = part.strip().partition(";")
        wanted.append((-_quality(parameters), position, tag.strip().lower().split("-")[0]))
    for negative_quality, _, tag in sorted(wanted):
        if tag in LANGUAGES and negative_quality < 0:
            return tag
    return "en"


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
