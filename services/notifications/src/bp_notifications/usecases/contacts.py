"""Keeping what identity tells of people."""

from __future__ import annotations

from bp_kit.errors import Refused
from bp_kit.names import country_of
from bp_notifications.domain.contact import Contact
from bp_notifications.usecases.work import Work


async def keep_contact(work: Work, contact: Contact, author: str) -> None:
    """Keeps what the own country's identity tells of a person, unless something newer is here.

    Raises:
        Refused: PERMISSION_DENIED for what another country says, or about people who are not kept here.
    """
    country = country_of(contact.officer)
    if country != country_of(author) or country not in work.rules.home:
        raise Refused("PERMISSION_DENIED")
    known = await work.contacts.find(contact.officer, for_change=True)
    if known is None or known.version < contact.version:
        await work.contacts.save(contact)
