"""What a country's own directory calls an officer or a unit, and what it says of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_LONGEST_ID = 40
_SHORTEST_ID = 2


@dataclass(frozen=True)
class Provisioned:
    """What the directory calls one record of ours.

    Attributes:
        name: `countries/FJI/officers/ana` or `countries/FJI/units/ncb`.
        user_name: By which it knows a person, in lower case; None for a unit, and for one it has not named.
        external_id: Its own id; empty where it has given none.
        removed: It has deleted the record, which stays here out of service.
    """

    name: str
    user_name: str | None = None
    external_id: str = ""
    removed: bool = False


@dataclass(frozen=True)
class PersonWanted:
    """A person as the directory wants them.

    Attributes:
        user_name: By which it knows the person.
        said: Fields of `Person` that it speaks of.
        active: May sign in.
        external_id: Its own id; empty for none.
    """

    user_name: str
    said: dict[str, str] = field(default_factory=dict)
    active: bool = True
    external_id: str = ""


@dataclass(frozen=True)
class UnitWanted:
    """A unit as the directory wants it.

    Attributes:
        display_name: What people call it.
        members: Names of the officers who belong to it.
        external_id: Its own id; empty for none.
    """

    display_name: str
    members: frozenset[str] = frozenset()
    external_id: str = ""


def short_id(text: str, fallback: str) -> str:
    """Returns an id that reads like a text: `ana-vakatale` for `Ana.Vakatale@police.example`; the fallback where nothing of it can be read.

    Args:
        text: A user name, or what a unit is called.
        fallback: A letter, then letters or digits.
    """
    words = re.sub(r"[^a-z0-9]+", "-", text.partition("@")[0].lower()).strip("-")
    readable = words.lstrip("0123456789-")[:_LONGEST_ID].rstrip("-")
    return readable if len(readable) >= _SHORTEST_ID else fallback
