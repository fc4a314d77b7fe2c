"""Officers and units as SCIM shows them, and what SCIM wants of them."""

from __future__ import annotations

import re
from typing import Any

from scim2_models import Context, ListResponse, Meta, Reference, Resource, ResponseParameters

from bp_identity.adapters.scim.resources import LONGEST, Email, Group, Member, Name, User
from bp_identity.domain.names import last_of, officer_name
from bp_identity.domain.provisioned import PersonWanted, UnitWanted
from bp_identity.usecases.provisioning import Known
from bp_identity.usecases.provisioning_units import KnownUnit
from bp_kit.errors import Refused

_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9_-]{1,30})?")
_OFFICER_ID = re.compile(r"[a-z0-9-]{2,63}")


def user_of(known: Known, base: str) -> User:
    """Returns an officer as SCIM shows one.

    Args:
        known: The officer, and what the directory calls the person.
        base: URL of SCIM's root.
    """
    person, identifier = known.officer.person, last_of(known.officer.name)
    return User(
        id=identifier,
        external_id=known.provisioned.external_id or None,
        user_name=known.user_name,
        name=Name(given_name=person.given_name, family_name=person.family_name),
        emails=[Email(value=person.email, type="work")],
        active=known.officer.active,
        preferred_language=person.language or None,
        meta=Meta(
            resource_type="User",
            created=known.officer.create_time,
            last_modified=known.officer.update_time,
            location=f"{base}/Users/{identifier}",
            version=f"W/{known.etag}",
        ),
    )


def group_of(known: KnownUnit, base: str) -> Group:
    """Returns a unit as SCIM shows one.

    Args:
        known: The unit, what the directory calls it, and who belongs to it.
        base: URL of SCIM's root.
    """
    identifier = last_of(known.unit.name)
    return Group(
        id=identifier,
        external_id=known.provisioned.external_id or None,
        display_name=known.unit.display_name,
        members=[_member(last_of(name), base) for name in known.members] or None,
        meta=Meta(
            resource_type="Group",
            created=known.unit.create_time,
            last_modified=known.unit.update_time,
            location=f"{base}/Groups/{identifier}",
            version=f"W/{known.etag}",
        ),
    )


def _member(officer_id: str, base: str) -> Member:
    reference: Any = Reference[User]
    return Member(value=officer_id, ref=reference(f"{base}/Users/{officer_id}"), type="User")


def person_wanted(user: User) -> PersonWanted:
    """Returns what SCIM wants of an officer.

    Raises:
        Refused: SCIM_REFUSED.
    """
    name, emails, user_name = user.name, user.emails, _plain("userName", user.user_name or "")
    if not user_name:
        raise Refused("SCIM_REFUSED", scim_type="invalidValue", description="userName is empty")
    assert name is not None
    assert emails
    said = {
        "given_name": name.given_name or "",
        "family_name": name.family_name or "",
        "email": emails[0].value or "",
        "language": _language(user.preferred_language or ""),
    }
    return PersonWanted(
        user_name,
        said,
        active=bool(user.active),
        external_id=_plain("externalId", user.external_id or ""),
    )


def unit_wanted(group: Group, country: str) -> UnitWanted:
    """Returns what SCIM wants of a unit.

    Raises:
        Refused: SCIM_REFUSED.
    """
    members = {_officer_id(member.value or "") for member in group.members or []}
    return UnitWanted(
        group.display_name or "",
        frozenset(officer_name(country, member) for member in members),
        _plain("externalId", group.external_id or ""),
    )


def written(resource: Resource[Any], context: Context, shown: ResponseParameters[Any] | None = None) -> bytes:
    """Returns a resource's JSON."""
    return resource.model_dump_json(scim_ctx=context, response_parameters=shown).encode()


def list_of(
    model: type[Resource[Any]], resources: list[Any], *, total: int, first: int, shown: ResponseParameters[Any]
) -> bytes:
    """Returns the JSON of a list.

    Args:
        model: What it is a list of.
        resources: Those of this page.
        total: How many there are.
        first: Number of the page's first one, from 1.
        shown: Which attributes are wanted.
    """
    kind: Any = ListResponse.__class_getitem__(model)
    listed = kind(total_results=total, start_index=first, items_per_page=len(resources), resources=resources)
    answer: str = listed.model_dump_json(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=shown)
    return answer.encode()


def _language(tag: str) -> str:
    found = _LANGUAGE.fullmatch(tag)
    if tag and found is None:
        raise Refused(
            "SCIM_REFUSED", scim_type="invalidValue", description="preferredLanguage is a language tag: en-NZ"
        )
    return found[1].lower() if found else ""


def _officer_id(value: str) -> str:
    if not _OFFICER_ID.fullmatch(value):
        raise Refused("SCIM_REFUSED", scim_type="invalidValue", description="members names a user that there is not")
    return value


def _plain(attribute: str, text: str) -> str:
    if len(text) > LONGEST or not text.isprintable():
        description = f"{attribute} is longer than {LONGEST} characters, or has characters that cannot be shown"
        raise Refused("SCIM_REFUSED", scim_type="invalidValue", description=description)
    return text.strip()
