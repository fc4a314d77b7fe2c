"""What SCIM shows of officers and units, and takes: what is not here is ignored, as RFC 7643 lets a service do.

The models are scim2-models': they publish the schemas, read requests, apply patches and write answers.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field
from scim2_models import (
    URN,
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    ETag,
    Filter,
    Mutability,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)

MOST_RESULTS = 200
LONGEST = 254
# Entra names attributes that are not kept here, removes members by value, and adds what a path's filter describes.
POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)


class Name(ComplexAttribute):
    """What a person is called."""

    given_name: Annotated[str | None, Required.true] = Field(None, description="Given name.", max_length=LONGEST)
    family_name: Annotated[str | None, Required.true] = Field(None, description="Family name.", max_length=LONGEST)


class Email(ComplexAttribute):
    """The address of a person at work; officers have one."""

    value: Annotated[str | None, Required.true] = Field(None, description="The address.", max_length=LONGEST)
    type: str | None = Field(None, description="Always `work`.", examples=["work"])


class User(Resource[Any]):
    """An officer."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = Field(
        None, description="By which the directory knows the person.", max_length=LONGEST
    )
    name: Annotated[Name | None, Required.true] = Field(None, description="What the person is called.")
    Name: ClassVar[type[ComplexAttribute]] = Name
    emails: Annotated[list[Email] | None, Required.true] = Field(
        None, description="Where the officer gets notifications, and may sign in by; the first one given is kept."
    )
    Emails: ClassVar[type[ComplexAttribute]] = Email
    active: Annotated[bool | None, Required.true] = Field(
        None, description="May sign in. Whom others took out, two administrators let in again."
    )
    preferred_language: str | None = Field(
        None, description="Of pages and messages; regions are left out.", examples=["en", "fr", "es", "ar"]
    )


class Member(ComplexAttribute):
    """An officer who belongs to a unit."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = Field(None, description="The user's id.")
    ref: Annotated[Reference[User] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref", description="The user's address."
    )
    type: Annotated[str | None, Mutability.immutable] = Field(None, description="Always `User`.", examples=["User"])


class Group(Resource[Any]):
    """A unit. Who belongs to it is an officer there; other roles are for the country's administrators to give."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true] = Field(
        None, description="What people call it.", max_length=LONGEST
    )
    members: list[Member] | None = Field(None, description="Who belongs to it.")
    Members: ClassVar[type[ComplexAttribute]] = Member


PROVIDER = ScimProvider(
    models=[User, Group],
    resource_types=[ResourceType.from_resource(User), ResourceType.from_resource(Group)],
    config=ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=MOST_RESULTS),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=False),
        etag=ETag(supported=True),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="OAuth 2.0 bearer token",
                description="Of a service client with the scope scim, by client credentials.",
                primary=True,
            )
        ],
    ),
    policy=POLICY,
)
