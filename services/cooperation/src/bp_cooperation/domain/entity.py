"""Entities: the STIX objects of sent bundles, each to be found by its words."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bp_cooperation.domain.bundle import Properties
from bp_cooperation.domain.handling import Handling
from bp_cooperation.domain.text import folded
from bp_kit.errors import Refused
from bp_kit.names import country_of

MAX_QUERY_WORDS = 10
_DISPLAY_LENGTH = 300
_WORDS_LENGTH = 10_000
# Where STIX keeps what people call a thing, best first.
_NAMING = ("name", "value", "display_name", "account_login", "user_id", "subject", "path", "key", "serial_number")
_TITLES = (*_NAMING, "aliases", "x_opencti_aliases")
# They say what a thing hangs on, or when; nobody searches for it in words.
_WORDLESS = frozenset({"type", "id", "spec_version", "created", "modified", "extension_type", "pattern_type"})


@dataclass(frozen=True)
class Entity:
    """One STIX object of a sent bundle.

    Attributes:
        name: `countries/TON/entities/{uuid}`; the same at every node.
        source: The request or the reply whose bundle it stands in.
        unit: The unit that gave it.
        type: Its STIX type.
        stix_id: Its STIX id.
        display_name: Its name or value, or else its STIX id.
        words: Its texts, folded, for search.
        stix: Its JSON text.
        handling: The conditions on it: its source's.
        send_time: When its source was sent.
    """

    name: str
    source: str
    unit: str
    type: str
    stix_id: str
    display_name: str
    words: str
    stix: str
    handling: Handling
    send_time: datetime


def entity_of(properties: Properties, *, source: str, unit: str, handling: Handling, send_time: datetime) -> Entity:
    """Returns a bundle's object as an entity."""
    stix_id = properties["id"]
    # The same at every node that has the source, without anybody having to send it.
    entity_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{source}#{stix_id}")
    return Entity(
        name=f"countries/{country_of(unit)}/entities/{entity_id}",
        source=source,
        unit=unit,
        type=properties["type"],
        stix_id=stix_id,
        display_name=_display_name(properties),
        words=_words(properties),
        stix=json.dumps(properties, ensure_ascii=False, separators=(",", ":")),
        handling=handling,
        send_time=send_time,
    )


def query_words(query: str) -> tuple[str, ...]:
    """Returns the words that a search asks for, as `Entity.words` has them.

    Raises:
        Refused: INVALID_FIELD.
    """
    words = tuple(dict.fromkeys(folded(query).split()))
    if len(words) > MAX_QUERY_WORDS:
        raise Refused("INVALID_FIELD", field="query", description=f"has more than {MAX_QUERY_WORDS} words")
    return words


def _display_name(properties: Properties) -> str:
    named = (properties[key] for key in _NAMING if isinstance(properties.get(key), str))
    shown = ("".join(letter for letter in name if letter.isprintable()).strip() for name in named)
    return next(filter(None, shown), properties["id"])[:_DISPLAY_LENGTH]


def _words(properties: Properties) -> str:
    first = {key: properties[key] for key in _TITLES if key in properties}
    rest = {key: properties[key] for key in properties if key not in first}
    texts = [*_texts(first), *_texts(rest), properties["id"]]
    return folded(" ".join(dict.fromkeys(texts)))[:_WORDS_LENGTH]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in _WORDLESS and not key.endswith(("_ref", "_refs")):
                yield from _texts(inner)
