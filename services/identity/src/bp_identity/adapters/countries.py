"""The region's countries: public facts from the package, names from CLDR."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import yaml
from babel import Locale
from babel.core import get_global

from bp_identity.domain.country import Country
from bp_kit.errors import Refused
from bp_kit.language import LANGUAGES
from bp_kit.paging import DEFAULT_SIZE, MAX_SIZE
from bp_kit.sealing import Sealer

_CONTEXT = b"countries"


@lru_cache(maxsize=1)
def load_countries() -> dict[str, Country]:
    """Returns the countries by code, in the order of their codes."""
    text = files("bp_identity").joinpath("reference/countries.yaml").read_text(encoding="utf-8")
    entries = sorted(yaml.safe_load(text)["countries"], key=lambda entry: entry["iso3"])
    return {entry["iso3"]: _country(entry) for entry in entries}


def page_countries(sealer: Sealer, *, size: int, token: str) -> tuple[list[Country], str]:
    """Returns a page of the countries by code, and the next page's token, empty at the end.

    Raises:
        Refused: INVALID_PAGE_TOKEN.
    """
    try:
        last = sealer.open(token, _CONTEXT).decode() if token else ""
    except ValueError:
        raise Refused("INVALID_PAGE_TOKEN", field="page_token") from None
    limit = min(size or DEFAULT_SIZE, MAX_SIZE)
    rest = [country for code, country in load_countries().items() if code > last]
    next_token = sealer.seal(rest[limit - 1].code.encode(), _CONTEXT) if len(rest) > limit else ""
    return rest[:limit], next_token


def _country(entry: dict[str, object]) -> Country:
    code = str(entry["iso3"])
    languages = entry["languages"]
    assert isinstance(languages, list)
    return Country(
        code=code,
        display_names={language: _cldr_name(code, language) for language in LANGUAGES},
        ncb_city=str(entry["ncb"]),
        time_zone=str(entry["timezone"]),
        languages=tuple(str(language) for language in languages),
        beneficiary=bool(entry.get("beneficiary", False)),
    )


def _cldr_name(code: str, language: str) -> str:
    name: str = Locale(language).territories[_alpha2(code)]
    return name


def _alpha2(code: str) -> str:
    """Returns the two-letter code: CLDR lists it as the replacement of the three-letter one."""
    replacements: list[str] = get_global("territory_aliases")[code]
    return replacements[0]
