"""Texts folded, so that they are found however they are spelt."""

from __future__ import annotations

import re
import unicodedata

# What keyboards and printers make of the glottal stop in Nuku'alofa.
_APOSTROPHES = dict.fromkeys(map(ord, "\u02bb\u02bc\u2018\u2019\u02b9`\u00b4"), "'")
_BLANKS = re.compile(r"\s+")


def folded(text: str) -> str:
    """Returns the text without capital letters, accents and macrons, its apostrophes alike, its blanks single."""
    plain = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES))
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter) and letter != "\0")
    return _BLANKS.sub(" ", bare.casefold()).strip()
