"""Finding entities within one's rights."""

from __future__ import annotations

from bp_cooperation.domain.entity import Entity, query_words
from bp_cooperation.domain.request import PURGED
from bp_cooperation.usecases.access import READ
from bp_cooperation.usecases.asking import Caller, Listing
from bp_cooperation.usecases.sight import see_record
from bp_cooperation.usecases.work import Work
from bp_kit.errors import Refused
from bp_kit.listing import Listed


async def get_entity(work: Work, caller: Caller, name: str) -> Entity:
    """Returns an entity of a record that the caller sees.

    Raises:
        Refused: NOT_FOUND.
    """
    entity, about = await work.entities.find(name, caller.units)
    # First by what the entity itself says, which takes as much work where there is none.
    if not work.access.finds(caller, about) or entity is None:
        raise Refused("NOT_FOUND", name=name)
    try:
        source = await see_record(work, caller, entity.source, act=READ)
    except Refused as refused:
        if refused.reason == "HANDLING_FORBIDS":
            raise
        # The refusal must not tell which record it is.
        raise Refused("NOT_FOUND", name=name) from None
    if source.state == PURGED:
        raise Refused("NOT_FOUND", name=name)
    return entity


async def search_entities(work: Work, listing: Listing, *, query: str, stix_type: str) -> Listed[Entity]:
    """Returns a page of the entities that the caller's units may see and that have all words of the query, newest first.

    Raises:
        Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    return await work.entities.search(listing, words=query_words(query), stix_type=stix_type)
