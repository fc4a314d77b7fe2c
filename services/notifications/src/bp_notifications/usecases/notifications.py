"""Telling people, and what they do with what they are told."""

from __future__ import annotations

from dataclasses import dataclass

from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.listing import Listing
from bp_notifications.domain.contact import Contact, check_audience
from bp_notifications.domain.mail import QueuedMail
from bp_notifications.domain.names import officer_of
from bp_notifications.domain.notification import Notification, NotificationRequest
from bp_notifications.domain.preferences import Preferences, language_of
from bp_notifications.usecases.work import MAIL, Work


@dataclass(frozen=True)
class Inbox:
    """A page of a person's notifications.

    Attributes:
        items: The notifications.
        next_token: Of the next page.
        unread: How many the person has not read, on any page.
    """

    items: list[Notification]
    next_token: str
    unread: int


async def notify_people(work: Work, request: NotificationRequest, author: str) -> int:
    """Tells everybody whom a request concerns, once each; queues e-mails for those who want them. Returns how many were told.

    Raises:
        Refused: TEMPLATE_UNKNOWN, INVALID_FIELD, PERMISSION_DENIED, CONTACT_UNKNOWN.
    """
    if request.template not in work.templates:
        raise Refused("TEMPLATE_UNKNOWN", field="template", template=request.template)
    check_audience(request.audience, author, work.rules.home)
    people = await _concerned(work, request)
    preferences = await work.preferences.of([person.officer for person in people])
    for person in people:
        await _notify(work, request, person, preferences[person.officer])
    return len(people)


async def get_notification(work: Work, principal: Principal, name: str) -> Notification:
    """Returns one of the caller's own notifications.

    Raises:
        Refused: NOT_FOUND.
    """
    return await _own(work, principal, name)


async def list_notifications(work: Work, principal: Principal, listing: Listing) -> Inbox:
    """Returns a page of the caller's own notifications, newest first.

    Raises:
        Refused: NOT_FOUND, INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    require_own(principal, listing.parent)
    page = await work.notifications.page(listing)
    return Inbox(page.items, page.next_token, await work.notifications.unread_count(listing.parent))


async def mark_read(work: Work, principal: Principal, name: str) -> Notification:
    """Marks one of the caller's own notifications as read; the first time stands.

    Raises:
        Refused: NOT_FOUND.
    """
    notification = await _own(work, principal, name, for_change=True)
    read = notification.read(work.clock())
    if read != notification:
        await work.notifications.save(read)
    return read


async def mark_all_read(work: Work, principal: Principal, officer: str, newest: str) -> int:
    """Marks the caller's own notifications as read, up to one of them or all; returns how many were not.

    Raises:
        Refused: NOT_FOUND.
    """
    require_own(principal, officer)
    up_to = (await _own(work, principal, newest)).position if newest else None
    return await work.notifications.mark_read(officer, up_to, work.clock())


async def reading_language(work: Work, officer: str, spoken: str) -> str:
    """Returns the language in which a person reads notifications; the one spoken now where none is known."""
    contact = await work.contacts.find(officer)
    preferences = await work.preferences.find(officer)
    recorded = contact.language if contact else ""
    return language_of(preferences.language, recorded, work.templates.languages) or spoken


def require_own(principal: Principal, officer: str) -> None:
    """Refuses what is another person's, as if it were not there.

    Raises:
        Refused: NOT_FOUND.
    """
    if principal.name != officer:
        raise Refused("NOT_FOUND", name=officer)


async def _concerned(work: Work, request: NotificationRequest) -> list[Contact]:
    """Returns those who are meant and were not told yet.

    Raises:
        Refused: CONTACT_UNKNOWN.
    """
    audience = request.audience
    people = [await _known(work, audience.officer)] if audience.officer else await work.contacts.holders(audience.unit)
    told = await work.notifications.told(request.cause)
    return [person for person in people if audience.includes(person) and person.officer not in told]


async def _known(work: Work, officer: str) -> Contact:
    contact = await work.contacts.find(officer)
    if contact is None:
        raise Refused("CONTACT_UNKNOWN", field="officer")
    return contact


async def _notify(work: Work, request: NotificationRequest, person: Contact, preferences: Preferences) -> None:
    notification = Notification(
        officer=person.officer,
        position=await work.contacts.next_position(person.officer),
        notification_id=work.ids(),
        cause=request.cause,
        template=request.template,
        subject=request.subject,
        urgent=request.urgent,
        create_time=work.clock(),
    )
    await work.notifications.add(notification)
    work.chimes.ring(person.officer)
    if person.email and preferences.want_mail(urgent=request.urgent):
        await work.mails.add(_mail(work, notification, request.traceparent))
        work.chimes.ring(MAIL)


def _mail(work: Work, notification: Notification, traceparent: str) -> QueuedMail:
    return QueuedMail(
        mail_id=work.ids(),
        officer=notification.officer,
        template=notification.template,
        subject=notification.subject,
        urgent=notification.urgent,
        traceparent=traceparent,
        attempts=0,
        create_time=notification.create_time,
    )


async def _own(work: Work, principal: Principal, name: str, *, for_change: bool = False) -> Notification:
    mine = officer_of(name) == principal.name
    notification = await work.notifications.find(name, for_change=for_change) if mine else None
    if notification is None:
        raise Refused("NOT_FOUND", name=name)
    return notification
