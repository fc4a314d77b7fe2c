"""ScimService: SCIM's words to use cases, and back."""

from __future__ import annotations

from typing import Any

from scim2_models import Context, ListResponse, Resource

from bluepacific.identity.v1 import oauth_service_pb2, officer_pb2, officer_service_pb2, unit_pb2, unit_service_pb2
from bluepacific.identity.v1 import scim_service_pb2 as pb
from bluepacific.identity.v1 import scim_service_pb2_grpc as grpc_
from bp_identity.adapters.provisioned import SqlProvisioned
from bp_identity.adapters.scim.documents import group_of, list_of, person_wanted, unit_wanted, user_of, written
from bp_identity.adapters.scim.filters import groups_where, people_where
from bp_identity.adapters.scim.requests import (
    patched,
    read_json,
    read_resource,
    read_search,
    scim_rules,
    shown_of,
    window_of,
)
from bp_identity.adapters.scim.resources import PROVIDER, Group, User
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.domain.names import officer_name, unit_name
from bp_identity.domain.provisioned import PersonWanted, UnitWanted
from bp_identity.usecases import provisioning as people
from bp_identity.usecases import provisioning_units as groups
from bp_identity.usecases.work import Work
from bp_kit.call import Principal, current_call
from bp_kit.database import current_session
from bp_kit.errors import Refused
from bp_kit.validation import check

PATH = "/scim/v2"
_OK, _CREATED, _NO_CONTENT, _NOT_MODIFIED = 200, 201, 204, 304
_TYPE = "application/scim+json"
# Names that are not used: a request is checked by the rules of the call that an administrator would make.
_ANY_ID = "any"


class ScimServicer(grpc_.ScimServiceServicer):
    """SCIM 2.0.

    Args:
        workshop: Makes work on the call's session.
        public_url: Of the node.
    """

    def __init__(self, workshop: Workshop, public_url: str) -> None:
        self._workshop = workshop
        self._base = f"{public_url}{PATH}"

    async def Describe(self, request: pb.ScimRequest, context: Any) -> oauth_service_pb2.WebResponse:
        """Tells what this side of SCIM can do."""
        if request.kind == "ServiceProviderConfig":
            return _answer(_OK, written(_located(PROVIDER.config, self._base), Context.RESOURCE_QUERY_RESPONSE))
        found: list[Any] = list(PROVIDER.schemas if request.kind == "Schemas" else PROVIDER.resource_types)
        for one in found:
            _located(one, f"{self._base}/{request.kind}/{one.id}")
        if request.id:
            one = next((one for one in found if one.id == request.id), None)
            if one is None:
                raise Refused("NOT_FOUND", name=request.id)
            return _answer(_OK, written(one, Context.RESOURCE_QUERY_RESPONSE))
        kind: Any = ListResponse.__class_getitem__(type(found[0]))
        listed = kind(total_results=len(found), start_index=1, items_per_page=len(found), resources=found)
        return _answer(_OK, listed.model_dump_json(scim_ctx=Context.RESOURCE_QUERY_RESPONSE).encode())

    async def FindUsers(self, request: pb.ScimRequest, context: Any) -> oauth_service_pb2.WebResponse:
        """Gives one officer, or finds some."""
        work, principal = self._work()
        search = read_search(request.query)
        if request.id:
            known = await people.find_person(work, principal, officer_name(principal.country, request.id))
            return _shown(request, user_of(known, self._base), shown_of(search))
        with scim_rules():
            condition = people_where(search.filter or "")
        found = await SqlProvisioned(current_session()).people(principal.country, condition, window_of(search))
        users = [user_of(people.Known(officer, said), self._base) for officer, said in found.records]
        first = search.start_index or 1
        return _answer(_OK, list_of(User, users, total=found.total, first=first, shown=shown_of(search)))

    async def ChangeUsers(self, request: pb.ScimRequest, context: Any) -> oauth_service_pb2.WebResponse:
        """Adds, changes or removes an officer."""
        work, principal = self._work()
        name, etag = officer_name(principal.country, request.id), await self._etag_of_person(work, principal, request)
        if request.method == "DELETE":
            await people.remove_person(work, principal, name, etag=etag)
            return _answer(_NO_CONTENT, b"")
        if request.method == "POST":
            content = _with_usual(read_json(request.body), active=True)
            user = read_resource(User, content, Context.RESOURCE_CREATION_REQUEST)
            known = await people.add_person(work, principal, _person(user, principal))
            return _written(_CREATED, user_of(known, self._base), Context.RESOURCE_CREATION_RESPONSE)
        current = user_of(await people.find_person(work, principal, name), self._base)
        if request.method == "PATCH":
            user = patched(User, request.body, current)
        else:
            content = _with_usual(read_json(request.body), active=bool(current.active))
            user = read_resource(User, content, Context.RESOURCE_REPLACEMENT_REQUEST)
        known = await people.change_person(work, principal, name, _person(user, principal), etag=etag)
        return _written(_OK, user_of(known, self._base), Context.RESOURCE_PATCH_RESPONSE)

    async def FindGroups(self, request: pb.ScimRequest, context: Any) -> oauth_service_pb2.WebResponse:
        """Gives one unit, or finds some."""
        work, principal = self._work()
        search = read_search(request.query)
        if request.id:
            known = await groups.find_group(work, principal, unit_name(principal.country, request.id))
            return _shown(request, group_of(known, self._base), shown_of(search))
        with scim_rules():
            condition = groups_where(search.filter or "", principal.country, work.clock())
        found = await SqlProvisioned(current_session()).groups(principal.country, condition, window_of(search))
        members = await work.provisioned.members_of([unit.name for unit, _ in found.records], work.clock())
        shown = [group_of(groups.KnownUnit(unit, said, members[unit.name]), self._base) for unit, said in found.records]
        first = search.start_index or 1
        return _answer(_OK, list_of(Group, shown, total=found.total, first=first, shown=shown_of(search)))

    async def ChangeGroups(self, request: pb.ScimRequest, context: Any) -> oauth_service_pb2.WebResponse:
        """Adds, changes or removes a unit, and says who belongs to it."""
        work, principal = self._work()
        name, etag = unit_name(principal.country, request.id), await self._etag_of_group(work, principal, request)
        if request.method == "DELETE":
            await groups.remove_group(work, principal, name, etag=etag)
            return _answer(_NO_CONTENT, b"")
        if request.method == "POST":
            group = read_resource(Group, read_json(request.body), Context.RESOURCE_CREATION_REQUEST)
            known = await groups.add_group(work, principal, _unit(group, principal))
            return _written(_CREATED, group_of(known, self._base), Context.RESOURCE_CREATION_RESPONSE)
        if request.method == "PATCH":
            current = group_of(await groups.find_group(work, principal, name), self._base)
            group = patched(Group, request.body, current)
        else:
            group = read_resource(Group, read_json(request.body), Context.RESOURCE_REPLACEMENT_REQUEST)
        known = await groups.change_group(work, principal, name, _unit(group, principal), etag=etag)
        return _written(_OK, group_of(known, self._base), Context.RESOURCE_PATCH_RESPONSE)

    def _work(self) -> tuple[Work, Principal]:
        return self._workshop.on(current_session()), current_call().principal

    async def _etag_of_person(self, work: Work, principal: Principal, request: pb.ScimRequest) -> str:
        if not _conditional(request):
            return ""
        known = await people.find_person(work, principal, officer_name(principal.country, request.id))
        return _required(request, known.etag)

    async def _etag_of_group(self, work: Work, principal: Principal, request: pb.ScimRequest) -> str:
        if not _conditional(request):
            return ""
        known = await groups.find_group(work, principal, unit_name(principal.country, request.id))
        return _required(request, known.etag)


def _person(user: User, principal: Principal) -> PersonWanted:
    wanted = person_wanted(user)
    said: dict[str, Any] = dict(wanted.said)
    officer = officer_pb2.Officer(**said)
    parent = f"countries/{principal.country}"
    check(officer_service_pb2.CreateOfficerRequest(parent=parent, officer_id=_ANY_ID, officer=officer))
    return wanted


def _unit(group: Group, principal: Principal) -> UnitWanted:
    wanted = unit_wanted(group, principal.country)
    unit = unit_pb2.Unit(display_name=wanted.display_name, kind=unit_pb2.UNIT_KIND_OTHER)
    parent = f"countries/{principal.country}"
    check(unit_service_pb2.CreateUnitRequest(parent=parent, unit_id=_ANY_ID, unit=unit))
    return wanted


def _with_usual(content: dict[str, Any], *, active: bool) -> dict[str, Any]:
    """Returns a user with what directories leave out: that it is active, and an address where its user name is one."""
    emails, user_name = content.get("emails"), content.get("userName")
    if not emails and isinstance(user_name, str) and "@" in user_name:
        emails = [{"value": user_name}]
    if isinstance(emails, list):
        emails = sorted(emails, key=lambda one: not (isinstance(one, dict) and one.get("primary") is True))
    return {"active": active, **content, **({"emails": emails} if emails else {})}


def _located(resource: Any, location: str) -> Any:
    resource.meta = {"resourceType": type(resource).__name__, "location": location}
    return resource


def _conditional(request: pb.ScimRequest) -> bool:
    return bool(request.if_match) and request.if_match != "*" and request.method != "POST"


def _required(request: pb.ScimRequest, current: str) -> str:
    """Returns the version that a change is for: the current one where that is among those it names."""
    named = _versions(request.if_match)
    return current if current in named else next(iter(named), "-")


def _versions(header: str) -> list[str]:
    return [one.strip().removeprefix("W/") for one in header.split(",") if one.strip()]


def _shown(request: pb.ScimRequest, resource: Any, shown: Any) -> oauth_service_pb2.WebResponse:
    version = resource.meta.version
    if version.removeprefix("W/") in _versions(request.if_none_match):
        return _answer(_NOT_MODIFIED, b"", etag=version)
    return _answer(_OK, written(resource, Context.RESOURCE_QUERY_RESPONSE, shown), etag=version)


def _written(status: int, resource: Resource[Any], context: Context) -> oauth_service_pb2.WebResponse:
    assert resource.meta is not None
    headers = {"etag": resource.meta.version or "", "location": resource.meta.location or ""}
    return _answer(status, written(resource, context), **headers)


def _answer(status: int, body: bytes, **headers: str) -> oauth_service_pb2.WebResponse:
    told = {"content-type": _TYPE, "cache-control": "no-store", **headers}
    return oauth_service_pb2.WebResponse(
        status=status,
        headers=[oauth_service_pb2.WebHeader(name=name, value=value) for name, value in told.items()],
        body=body,
    )
