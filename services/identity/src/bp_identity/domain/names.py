"""Resource names: how they are put together and taken apart."""

from __future__ import annotations

import re

# The program as which whoever keeps the node's keys calls it; no other client can have the name.
OPERATOR = "node-operator"
_CLIENT = re.compile(r"countries/[A-Z]{3}/clients/[a-z0-9-]{2,63}")


def last_of(name: str) -> str:
    """Returns the last part of a name: `ncb` of `countries/FJI/units/ncb`."""
    return name.rsplit("/", 1)[1]


def country_name(code: str) -> str:
    """Returns `countries/FJI`."""
    return f"countries/{code}"


def unit_name(country: str, unit: str) -> str:
    """Returns `countries/FJI/units/ncb`."""
    return f"countries/{country}/units/{unit}"


def officer_name(country: str, officer: str) -> str:
    """Returns `countries/FJI/officers/ana`."""
    return f"countries/{country}/officers/{officer}"


def client_name(country: str, client: str) -> str:
    """Returns `countries/FJI/clients/portal`."""
    return f"countries/{country}/clients/{client}"


def grant_name(officer: str, grant: str) -> str:
    """Returns `countries/FJI/officers/ana/grants/0198...`."""
    return f"{officer}/grants/{grant}"


def officer_of(name: str) -> str:
    """Returns the officer's name in that of what is an officer's own: a grant, a passkey, a session, a recovery."""
    return "/".join(name.split("/")[:4])


def session_name(officer: str, session_id: str) -> str:
    """Returns `countries/FJI/officers/ana/sessions/0198...`."""
    return f"{officer}/sessions/{session_id}"


def is_client_name(text: str) -> bool:
    """Tells whether the text has the form of a client's name; what comes from outside may be anything."""
    return bool(_CLIENT.fullmatch(text))
