"""The file of `node people`: units, officers and OAuth clients, held to the same rules as the API's own requests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message

from bluepacific.identity.v1 import (
    client_pb2,
    client_service_pb2,
    grant_service_pb2,
    officer_service_pb2,
    role_pb2,
    unit_service_pb2,
)
from bp_kit.errors import Refused
from bp_kit.validation import check, rule_text
from bp_node.failure import CommandError

_PARTS = ("units", "officers", "clients")


@dataclass(frozen=True)
class Unit:
    """A unit to be there; `kind` is a `UnitKind` without prefix."""

    unit_id: str
    display_name: str
    kind: str


@dataclass(frozen=True)
class Officer:
    """An officer to be there; `grants` are pairs of role and unit id: `("OFFICER", "ncb")`."""

    officer_id: str
    given_name: str
    family_name: str
    email: str
    gender: str
    language: str
    grants: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Client:
    """An OAuth client of frontends to be there."""

    client_id: str
    display_name: str
    redirect_uris: tuple[str, ...]


@dataclass(frozen=True)
class People:
    """What a country starts with."""

    units: tuple[Unit, ...]
    officers: tuple[Officer, ...]
    clients: tuple[Client, ...]


def read_people(country: str, text: str) -> People:
    """Returns what a file names.

    Args:
        country: ISO code.
        text: JSON: `{"units": [{"id", "displayName", "kind"}], "officers": [{"id", "givenName", "familyName", "email", "gender",
            "language", "roles": ["officer@ncb"]}], "clients": [{"id", "displayName", "redirectUris"}]}`.

    Raises:
        CommandError: It is not such a file; the text names the entry.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise CommandError(f"the file of people is not JSON: {error}") from error
    if not isinstance(document, dict) or set(document) - set(_PARTS):
        raise CommandError(f"the file of people is a JSON object with {', '.join(_PARTS)}")
    parent = f"countries/{country}"
    return People(
        units=tuple(_each(document, "units", lambda one: _unit(parent, one))),
        officers=tuple(_each(document, "officers", lambda one: _officer(parent, one))),
        clients=tuple(_each(document, "clients", lambda one: _client(parent, one))),
    )


def _each(document: dict[str, Any], part: str, read: Any) -> list[Any]:
    entries = document.get(part, [])
    if not isinstance(entries, list):
        raise CommandError(f"the file of people: {part} is a list")
    found = []
    for number, entry in enumerate(entries):
        try:
            found.append(read(dict(entry)))
        except Refused as refused:
            first = refused.violations[0]
            why = rule_text(first.metadata, "en") or first.reason
            raise CommandError(f"the file of people: {part}[{number}], {first.field}: {why}") from refused
        except (json_format.ParseError, ValueError, TypeError, KeyError) as error:
            raise CommandError(f"the file of people: {part}[{number}]: {error}") from error
    return found


def _unit(parent: str, entry: dict[str, Any]) -> Unit:
    unit_id, kind = _needed(entry, "id"), _needed(entry, "kind")
    request = unit_service_pb2.CreateUnitRequest(parent=parent, unit_id=unit_id)
    _read({**entry, "kind": f"UNIT_KIND_{kind}"}, request.unit)
    check(request)
    return Unit(unit_id, _said(request.unit.display_name, "displayName"), kind)


def _officer(parent: str, entry: dict[str, Any]) -> Officer:
    officer_id, roles = _needed(entry, "id"), entry.pop("roles", [])
    gender = entry.get("gender", "UNDISCLOSED")
    request = officer_service_pb2.CreateOfficerRequest(parent=parent, officer_id=officer_id)
    officer = request.officer
    _read({**entry, "gender": f"GENDER_{gender}"}, officer)
    check(request)
    return Officer(
        officer_id,
        _said(officer.given_name, "givenName"),
        _said(officer.family_name, "familyName"),
        _said(officer.email, "email"),
        gender,
        officer.language,
        tuple(_grant(f"{parent}/officers/{officer_id}", role) for role in roles),
    )


def _grant(officer: str, text: str) -> tuple[str, str]:
    role, _, unit = str(text).partition("@")
    if f"ROLE_{role.upper()}" not in role_pb2.Role.keys()[1:]:
        raise ValueError(f"there is no role {role}")
    request = grant_service_pb2.CreateGrantRequest(parent=officer)
    request.grant.role = role_pb2.Role.Value(f"ROLE_{role.upper()}")
    request.grant.unit = f"{officer.partition('/officers/')[0]}/units/{unit}"
    check(request)
    return role.upper(), unit


def _client(parent: str, entry: dict[str, Any]) -> Client:
    client_id = _needed(entry, "id")
    request = client_service_pb2.CreateClientRequest(parent=parent, client_id=client_id)
    request.client.kind = client_pb2.CLIENT_KIND_BROWSER
    _read(entry, request.client)
    check(request)
    return Client(client_id, _said(request.client.display_name, "displayName"), tuple(request.client.redirect_uris))


def _read(entry: dict[str, Any], message: Message) -> None:
    json_format.ParseDict({key: value for key, value in entry.items() if key != "id"}, message)


def _needed(entry: dict[str, Any], key: str) -> str:
    return _said(entry.get(key), key)


def _said(value: Any, key: str) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} is needed")
    return value
