"""NotificationService."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from bluepacific.notifications.v1 import notification_pb2
from bluepacific.notifications.v1 import notification_service_pb2 as pb
from bluepacific.notifications.v1 import notification_service_pb2_grpc as grpc_
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.listing import listing_of
from bp_kit.times import timestamp
from bp_notifications.adapters.unit_of_work import Desk
from bp_notifications.adapters.wording import Wording
from bp_notifications.domain.names import officer_of
from bp_notifications.domain.notification import Notification
from bp_notifications.usecases import notifications
from bp_notifications.usecases.watching import Watch, watch_notifications

# What browsers send by themselves when they open an event stream again; newer than what stands in the address.
_LAST_EVENT_ID = "last-event-id"


class NotificationServicer(grpc_.NotificationServiceServicer):
    """People's own notifications.

    Args:
        desk: Makes the parts of a transaction.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._wording = desk.wording

    async def GetNotification(self, request: pb.GetNotificationRequest, context: Any) -> notification_pb2.Notification:
        """Gets one of the caller's own notifications."""
        work, call = self._desk.on(current_session()), current_call()
        found = await notifications.get_notification(work, call.principal, request.name)
        language = await notifications.reading_language(work, found.officer, call.language)
        return _message(found, self._wording, language)

    async def ListNotifications(
        self, request: pb.ListNotificationsRequest, context: Any
    ) -> pb.ListNotificationsResponse:
        """Lists the caller's own notifications, newest first."""
        work, call = self._desk.on(current_session()), current_call()
        inbox = await notifications.list_notifications(work, call.principal, listing_of(request))
        language = await notifications.reading_language(work, request.parent, call.language)
        return pb.ListNotificationsResponse(
            notifications=[_message(one, self._wording, language) for one in inbox.items],
            next_page_token=inbox.next_token,
            unread_count=inbox.unread,
        )

    async def WatchNotifications(
        self, request: pb.WatchNotificationsRequest, context: Any
    ) -> AsyncIterator[notification_pb2.Notification]:
        """Streams the caller's own notifications."""
        call = current_call()
        watch = Watch(
            officer=request.parent,
            after=call.metadata.get(_LAST_EVENT_ID) or request.after,
            spoken=call.language,
        )
        sights = watch_notifications(
            call.principal, watch, reading=self._desk.reading, bells=self._desk.board, rules=self._desk.rules
        )
        # Closed at once, so that the place of a stream whose reader went is free for the next.
        async with aclosing(sights):
            async for sight in sights:
                yield _message(sight.notification, self._wording, sight.language)

    async def MarkNotificationRead(
        self, request: pb.MarkNotificationReadRequest, context: Any
    ) -> notification_pb2.Notification:
        """Marks one of the caller's own notifications as read."""
        work, call = self._desk.on(current_session()), current_call()
        read = await notifications.mark_read(work, call.principal, request.name)
        language = await notifications.reading_language(work, officer_of(request.name), call.language)
        return _message(read, self._wording, language)

    async def MarkAllNotificationsRead(
        self, request: pb.MarkAllNotificationsReadRequest, context: Any
    ) -> pb.MarkAllNotificationsReadResponse:
        """Marks all of the caller's own notifications as read, up to one of them."""
        work = self._desk.on(current_session())
        marked = await notifications.mark_all_read(work, current_call().principal, request.parent, request.newest)
        return pb.MarkAllNotificationsReadResponse(marked_count=marked)


def _message(notification: Notification, wording: Wording, language: str) -> notification_pb2.Notification:
    return notification_pb2.Notification(
        name=notification.name,
        template=notification.template,
        subject=notification.subject,
        title=wording.title(notification.template, language),
        text=wording.text(notification.template, language),
        urgent=notification.urgent,
        state=notification_pb2.NotificationState.Value(f"NOTIFICATION_STATE_{notification.state}"),
        create_time=timestamp(notification.create_time),
        read_time=timestamp(notification.read_time),
    )
