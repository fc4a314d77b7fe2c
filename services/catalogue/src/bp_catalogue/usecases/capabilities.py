"""Publishing capabilities at the centre, and reading them everywhere."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from bp_catalogue.domain.capability import Capability, Facts, first_revision
from bp_catalogue.domain.names import capability_name
from bp_catalogue.usecases.work import Work
from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.etags import check_etag, etag_of
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of

EVERYBODY = ("countries/-",)


@dataclass(frozen=True)
class Published:
    """What publishing the reference list did: names of the new capabilities, and of those that had been there."""

    new: list[str]
    unchanged: list[str]


def capability_etag(capability: Capability) -> str:
    """Returns the capability's etag."""
    return etag_of(capability.name, capability.revision)


async def get_capability(work: Work, name: str) -> Capability:
    """Returns a capability.

    Raises:
        Refused: NOT_FOUND.
    """
    capability = await work.capabilities.find(name)
    if capability is None:
        raise Refused("NOT_FOUND", name=name)
    return capability


async def list_capabilities(work: Work, listing: Listing) -> Listed[Capability]:
    """Returns a page of the catalogue.

    Raises:
        Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    return await work.capabilities.page(listing)


async def publish_reference(work: Work, principal: Principal, *, country: str, codes: Collection[str]) -> Published:
    """Publishes those capabilities of the reference list, or all, that are not published yet.

    Raises:
        Refused: CATALOGUE_BELONGS_TO_CENTRE, CAPABILITY_NOT_IN_REFERENCE.
    """
    _require_centre(work, principal, country)
    new, unchanged = [], []
    for code, facts in _chosen(work, codes).items():
        name = capability_name(country, code)
        if await work.capabilities.find(name):
            unchanged.append(name)
        else:
            new.append(await _publish_first(work, name, facts))
    if new:
        await work.outlet.capabilities_published(country, new, EVERYBODY)
    return Published([capability.name for capability in new], unchanged)


async def create_capability(work: Work, principal: Principal, *, country: str, code: str, facts: Facts) -> Capability:
    """Publishes a new capability.

    Raises:
        Refused: CATALOGUE_BELONGS_TO_CENTRE, INVALID_FIELD, ALREADY_EXISTS.
    """
    _require_centre(work, principal, country)
    capability = await _publish_first(work, capability_name(country, code), facts)
    await work.outlet.capabilities_published(country, [capability], EVERYBODY)
    return capability


async def update_capability(
    work: Work, principal: Principal, name: str, *, facts: Facts, fields: Collection[str], etag: str
) -> Capability:
    """Publishes a revision with those fields as they are in the given facts; none where nothing differs.

    Raises:
        Refused: CATALOGUE_BELONGS_TO_CENTRE, NOT_FOUND, ETAG_MISMATCH, INVALID_FIELD.
    """
    country = country_of(name)
    _require_centre(work, principal, country)
    capability = await work.capabilities.find(name, for_change=True)
    if capability is None:
        raise Refused("NOT_FOUND", name=name)
    check_etag(etag, capability_etag(capability))
    changed = replace(capability.facts, **{field: getattr(facts, field) for field in fields})
    changed.check()
    revised = capability.revised(changed, work.clock())
    if revised.replaces(capability):
        await work.capabilities.save(revised)
        await work.outlet.capabilities_published(country, [revised], EVERYBODY)
    return revised


async def _publish_first(work: Work, name: str, facts: Facts) -> Capability:
    facts.check()
    capability = first_revision(name, facts, work.clock())
    await work.capabilities.add(capability)
    return capability


def _chosen(work: Work, codes: Collection[str]) -> dict[str, Facts]:
    for code in codes:
        if code not in work.reference:
            raise Refused("CAPABILITY_NOT_IN_REFERENCE", field="codes", code=code)
    return {code: facts for code, facts in work.reference.items() if not codes or code in codes}


def _require_centre(work: Work, principal: Principal, country: str) -> None:
    if principal.country != work.rules.centre or country != work.rules.centre:
        raise Refused("CATALOGUE_BELONGS_TO_CENTRE")
