"""`user ...`: officers of the own country, as `OfficerService` keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask

from bluepacific.identity.v1 import grant_service_pb2, officer_pb2
from bluepacific.identity.v1 import officer_service_pb2 as pb
from bp_node.administering.calling import Administration, administer, every, value_of
from bp_node.administering.showing import document, show_all, show_one
from bp_node.screen import say, say_json

_COLUMNS = ("name", "givenName", "familyName", "email", "state", "clearance")
_ROLES = ("role", "unit", "startTime", "endTime")


def list_users(directory: Path, filter_: str, *, as_json: bool) -> None:
    """Shows the country's officers."""

    async def act(at: Administration) -> list[Any]:
        request = pb.ListOfficersRequest(parent=at.country, filter=filter_)
        return await every(at.identity.officers.ListOfficers, request, "officers")

    show_all("officers", administer(directory, act), _COLUMNS, as_json=as_json)


def show_user(directory: Path, user: str, *, as_json: bool) -> None:
    """Shows an officer and the roles ever held."""

    async def act(at: Administration) -> tuple[officer_pb2.Officer, list[Any]]:
        name = at.name_of("officers", user)
        officer = await at.identity.officers.GetOfficer(pb.GetOfficerRequest(name=name))
        request = grant_service_pb2.ListGrantsRequest(parent=name)
        return officer, await every(at.identity.grants.ListGrants, request, "grants")

    officer, grants = administer(directory, act)
    if as_json:
        say_json(document(officer) | {"grants": [document(grant) for grant in grants]})
    else:
        show_one(officer, as_json=False)
        show_all("roles", grants, _ROLES, as_json=False)


def create_user(directory: Path, user: str, fields: dict[str, Any], *, as_json: bool) -> None:
    """Creates an officer, who can sign in once there is a first password."""

    async def act(at: Administration) -> officer_pb2.Officer:
        request = pb.CreateOfficerRequest(parent=at.country, officer_id=user, officer=_said(fields))
        return await at.identity.officers.CreateOfficer(request)  # type: ignore[no-any-return]

    show_one(administer(directory, act), as_json=as_json)


def change_user(directory: Path, user: str, fields: dict[str, Any], *, as_json: bool) -> None:
    """Changes what is said about an officer; what is not given stays."""

    async def act(at: Administration) -> officer_pb2.Officer:
        name = at.name_of("officers", user)
        now = await at.identity.officers.GetOfficer(pb.GetOfficerRequest(name=name))
        if not fields:
            return now  # type: ignore[no-any-return]
        changed = _said(fields)
        changed.name, changed.etag = name, now.etag
        request = pb.UpdateOfficerRequest(officer=changed, update_mask=FieldMask(paths=list(fields)))
        return await at.identity.officers.UpdateOfficer(request)  # type: ignore[no-any-return]

    show_one(administer(directory, act), as_json=as_json)


def end_user(directory: Path, user: str, *, as_json: bool) -> None:
    """Ends all sessions of an officer and refuses sign-in; the record stays."""

    async def act(at: Administration) -> officer_pb2.Officer:
        request = pb.DeactivateOfficerRequest(name=at.name_of("officers", user))
        return await at.identity.officers.DeactivateOfficer(request)  # type: ignore[no-any-return]

    show_one(administer(directory, act), as_json=as_json)


def restore_user(directory: Path, user: str, *, as_json: bool) -> None:
    """Lets an officer sign in again."""

    async def act(at: Administration) -> officer_pb2.Officer:
        request = pb.ActivateOfficerRequest(name=at.name_of("officers", user))
        return await at.identity.officers.ActivateOfficer(request)  # type: ignore[no-any-return]

    show_one(administer(directory, act), as_json=as_json)


def give_password(directory: Path, user: str, *, as_json: bool) -> None:
    """Gives an officer a temporary password, shown this once."""

    async def act(at: Administration) -> pb.ResetPasswordResponse:
        request = pb.ResetPasswordRequest(name=at.name_of("officers", user))
        return await at.identity.officers.ResetPassword(request)  # type: ignore[no-any-return]

    given = administer(directory, act)
    if as_json:
        say_json(document(given))
    else:
        say(f"{given.temporary_password}")
        say(f"to be handed over in person, and changed before {given.expire_time.ToJsonString()}")


def _said(fields: dict[str, Any]) -> officer_pb2.Officer:
    values = dict(fields)
    if "gender" in values:
        values["gender"] = value_of(officer_pb2.Gender, "GENDER_", values["gender"], "--gender")
    return officer_pb2.Officer(**values)
