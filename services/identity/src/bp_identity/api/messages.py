"""Domain to proto and back, for what several servicers share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask

from bluepacific.identity.v1 import client_pb2, grant_pb2, officer_pb2, role_pb2, unit_pb2
from bp_identity.domain.client import Client
from bp_identity.domain.grant import Grant
from bp_identity.domain.officer import Officer
from bp_identity.domain.unit import Unit
from bp_identity.usecases.clients import client_etag
from bp_identity.usecases.officers import officer_etag
from bp_identity.usecases.units import unit_etag
from bp_kit.errors import Refused
from bp_kit.times import timestamp


def masked(mask: FieldMask, resource: str, mutable: Iterable[str]) -> list[str]:
    """Returns the fields an update changes: those of the mask, or all that can change.

    Raises:
        Refused: FIELD_NOT_MUTABLE.
    """
    allowed = list(mutable)
    for path in mask.paths:
        if path not in allowed:
            raise Refused("FIELD_NOT_MUTABLE", field=f"{resource}.{path}")
    return list(mask.paths) or allowed


def unit_message(unit: Unit) -> unit_pb2.Unit:
    """Returns the unit's message."""
    return unit_pb2.Unit(
        name=unit.name,
        display_name=unit.display_name,
        kind=unit_pb2.UnitKind.Value(f"UNIT_KIND_{unit.kind}"),
        state=unit_pb2.UnitState.Value(f"UNIT_STATE_{unit.state}"),
        etag=unit_etag(unit),
        create_time=timestamp(unit.create_time),
        update_time=timestamp(unit.update_time),
    )


def officer_message(officer: Officer) -> officer_pb2.Officer:
    """Returns the officer's message."""
    person = officer.person
    return officer_pb2.Officer(
        name=officer.name,
        given_name=person.given_name,
        family_name=person.family_name,
        email=person.email,
        gender=officer_pb2.Gender.Value(f"GENDER_{person.gender}"),
        language=person.language,
        clearance=person.clearance,
        state=officer_pb2.OfficerState.Value(f"OFFICER_STATE_{officer.state}"),
        totp_enrolled=officer.totp_enrolled,
        etag=officer_etag(officer),
        create_time=timestamp(officer.create_time),
        update_time=timestamp(officer.update_time),
    )


def person_said(given: officer_pb2.Officer) -> dict[str, Any]:
    """Returns what a message says about a person, by field."""
    return {
        "given_name": given.given_name,
        "family_name": given.family_name,
        "email": given.email,
        "gender": officer_pb2.Gender.Name(given.gender).removeprefix("GENDER_") if given.gender else "UNDISCLOSED",
        "language": given.language,
        "clearance": given.clearance,
    }


def grant_message(grant: Grant) -> grant_pb2.Grant:
    """Returns the grant's message."""
    return grant_pb2.Grant(
        name=grant.name,
        role=role_pb2.Role.Value(f"ROLE_{grant.role}"),
        unit=grant.unit,
        start_time=timestamp(grant.start_time),
        end_time=timestamp(grant.end_time) if grant.end_time else None,
        create_time=timestamp(grant.create_time),
        creator=grant.creator,
    )


def client_message(client: Client) -> client_pb2.Client:
    """Returns the client's message; never its secret."""
    draft = client.draft
    return client_pb2.Client(
        name=client.name,
        display_name=draft.display_name,
        kind=client_pb2.ClientKind.Value(f"CLIENT_KIND_{draft.kind}"),
        redirect_uris=draft.redirect_uris,
        post_logout_redirect_uris=draft.post_logout_redirect_uris,
        grants=[
            client_pb2.ClientGrant(role=role_pb2.Role.Value(f"ROLE_{role}"), unit=unit) for role, unit in draft.grants
        ],
        state=client_pb2.ClientState.Value(f"CLIENT_STATE_{client.state}"),
        expire_time=timestamp(draft.expire_time),
        scopes=draft.scopes,
        previous_secret_expire_time=timestamp(client.previous_expire_time),
        etag=client_etag(client),
        create_time=timestamp(client.create_time),
        update_time=timestamp(client.update_time),
    )


def role_word(role: role_pb2.Role.ValueType) -> str:
    """Returns the role without prefix: `DUTY_OFFICER`."""
    return role_pb2.Role.Name(role).removeprefix("ROLE_")
