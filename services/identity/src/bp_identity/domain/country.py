"""A member country, as public facts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Country:
    """A member country.

    Attributes:
        code: ISO 3166-1 alpha-3.
        display_names: Name by language, from CLDR.
        ncb_city: Where its INTERPOL National Central Bureau is.
        time_zone: IANA name.
        languages: BCP 47, in the order officers are likely to want them.
        beneficiary: The project works for it.
    """

    code: str
    display_names: dict[str, str]
    ncb_city: str
    time_zone: str
    languages: tuple[str, ...]
    beneficiary: bool
