"""Capabilities: published by the centre, replicated to every country; a revision is never replaced by an older one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bp_kit.errors import Refused

Texts = Mapping[str, str]
LEGAL = "LEGAL"
KINDS = ("DATA", "TECHNOLOGY", "INFRASTRUCTURE", LEGAL, "SUPPORT")
_MAX_TITLE, _MAX_DESCRIPTION = 300, 2000


@dataclass(frozen=True)
class Facts:
    """What the catalogue says of a capability.

    Attributes:
        title: By language; English is always there.
        description: By language; may be empty.
        kind: One of `KINDS`.
        goals: INTERPOL Global Policing Goals it serves: `GPG7`.
        sdg_targets: Targets of the Sustainable Development Goals it serves: `14.4`.
    """

    title: Texts
    description: Texts = field(default_factory=dict)
    kind: str = ""
    goals: tuple[str, ...] = ()
    sdg_targets: tuple[str, ...] = ()

    def check(self) -> None:
        """Checks what the proto's rules cannot say.

        Raises:
            Refused: INVALID_FIELD.
        """
        if self.kind not in KINDS:
            raise Refused("INVALID_FIELD", field="capability.kind", rule="enum.not_in")
        _check_texts("capability.title", self.title, _MAX_TITLE, required=True)
        _check_texts("capability.description", self.description, _MAX_DESCRIPTION, required=bool(self.description))


@dataclass(frozen=True)
class Capability:
    """Something INTERPOL offers.

    Attributes:
        name: `countries/WSM/capabilities/SV`.
        facts: What the catalogue says of it.
        revision: Counts publications, from 1.
        create_time: When it was first published.
        update_time: When this revision was published.
    """

    name: str
    facts: Facts
    revision: int
    create_time: datetime
    update_time: datetime

    def revised(self, facts: Facts, now: datetime) -> Capability:
        """Returns the next revision; the same one where nothing differs."""
        if facts == self.facts:
            return self
        return replace(self, facts=facts, revision=self.revision + 1, update_time=now)

    def replaces(self, known: Capability | None) -> bool:
        """Tells whether it is news to who knows that one."""
        return known is None or self.revision > known.revision


def first_revision(name: str, facts: Facts, now: datetime) -> Capability:
    """Returns a capability as it is first published."""
    return Capability(name=name, facts=facts, revision=1, create_time=now, update_time=now)


def _check_texts(field: str, texts: Texts, longest: int, *, required: bool) -> None:
    if required and not texts.get("en"):
        raise Refused("INVALID_FIELD", field=f'{field}.texts["en"]', rule="required")
    for language, text in texts.items():
        at = f'{field}.texts["{language}"]'
        if len(text) > longest:
            raise Refused("INVALID_FIELD", field=at, rule="string.max_len", limit=longest)
        # PostgreSQL's texts cannot hold it.
        if "\0" in text:
            raise Refused("INVALID_FIELD", field=at, rule="json.nul")
