"""Keeping replicas of the centre's catalogue, asking for what is missing, and answering."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bp_catalogue.domain.capability import Capability
from bp_catalogue.usecases.work import Work
from bp_kit.names import country_of


async def keep_replicas(work: Work, capabilities: Iterable[Capability]) -> None:
    """Keeps the centre's capabilities, except those of which the same or a newer revision is here.

    Raises:
        Refused: INVALID_FIELD.
    """
    for capability in capabilities:
        capability.facts.check()
        if capability.replaces(await work.capabilities.find(capability.name, for_change=True)):
            await work.capabilities.save(capability)


async def ask_for_catalogue(work: Work, country: str) -> None:
    """Asks the centre, unless it is here, for what is not here: for nodes that were not there when things were sent."""
    if country != work.rules.centre:
        known = {capability.name: capability.revision for capability in await work.capabilities.all()}
        await work.outlet.catalogue_requested(country, known)


async def answer_catalogue(work: Work, country: str, asker: str, known: Mapping[str, int]) -> None:
    """Sends an asker what the centre, the own country, published and the asker does not have.

    Args:
        work: The transaction's parts.
        country: The own country's code.
        asker: `countries/TON`.
        known: What the asker has: name -> revision.
    """
    missing = [
        capability
        for capability in await work.capabilities.all()
        if country_of(capability.name) == country and known.get(capability.name, 0) < capability.revision
    ]
    if missing:
        await work.outlet.capabilities_published(country, missing, [asker])
