"""Words for what protos name: values with the `wording` option, countries by code, and how long something lasts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta

from babel import Locale
from babel.core import get_global
from babel.dates import format_timedelta
from google.protobuf.descriptor import EnumDescriptor

from bluepacific.options.v1 import options_pb2
from bp_kit.language import LANGUAGES, pick


def wording_of(kind: EnumDescriptor, number: int, language: str, metadata: Mapping[str, object]) -> str:
    """Returns what an enum's value means in a language; empty where its proto has no words for it.

    Args:
        kind: The enum.
        number: The value.
        language: One of `LANGUAGES`.
        metadata: Values for the text's braces; those without one stay empty.
    """
    value = kind.values_by_number.get(number)
    if value is None:
        return ""
    words = value.GetOptions().Extensions[options_pb2.wording]
    texts = {one: getattr(words, one) for one in LANGUAGES if getattr(words, one)}
    return pick(texts, language).format_map(defaultdict(str, metadata))


def country_wording(code: str, language: str) -> str:
    """Returns what people call a country (CLDR), by its ISO 3166-1 alpha-3 code; the code where nobody calls it anything."""
    short = get_global("territory_aliases").get(code, [code])[0]
    return str(Locale.parse(language).territories.get(short, code))


def duration_wording(duration: timedelta, language: str) -> str:
    """Returns about how long something lasts: `3 hours`."""
    return format_timedelta(duration, granularity="minute", locale=language)
