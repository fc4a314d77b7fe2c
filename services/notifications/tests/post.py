"""Real mail servers for tests, and what tests do with a running service, in few words."""

import asyncio
import email
import email.policy
import uuid
from contextlib import asynccontextmanager

from aiosmtpd.smtp import SMTP

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.notifications.v1 import events_pb2, preferences_pb2
from bluepacific.notifications.v1 import notification_service_pb2 as pb
from bluepacific.notifications.v1 import notification_service_pb2_grpc as grpc_
from bluepacific.notifications.v1 import preference_service_pb2 as preferences_pb
from bluepacific.notifications.v1 import preference_service_pb2_grpc as preferences_grpc

PATIENCE = 90


class MailServer:
    """An SMTP server that keeps what it takes. Tests put what it shall answer into `answers` (by recipient) or `greets`."""

    def __init__(self):
        self.mails = []
        self.recipients = []
        self.tried = []
        self.answers = {}
        self.hang = asyncio.Event()
        self.hang.set()
        self.port = 0
        self.options = {}
        self._changed = asyncio.Condition()
        self._server = None

    async def handle_RCPT(self, server, session, envelope, address, options):
        async with self._changed:
            self.tried.append(address)
            self._changed.notify_all()
        planned = self.answers.get(address)
        if planned:
            return planned.pop(0) if isinstance(planned, list) else planned
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server, session, envelope):
        await self.hang.wait()
        async with self._changed:
            self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
            self.recipients.append(list(envelope.rcpt_tos))
            self._changed.notify_all()
        return "250 kept"

    async def wait(self, count=1):
        """Returns the e-mails, once there are that many."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: len(self.mails) >= count)
            return list(self.mails)

    async def wait_tried(self, count=1):
        """Returns the recipients that were tried, once there were that many."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: len(self.tried) >= count)
            return list(self.tried)

    async def start(self):
        def session():
            return SMTP(self, **({"hostname": "localhost", "enable_SMTPUTF8": True} | self.options))

        self._server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self):
        if self._server:
            self._server.close()
            await self._server.wait_closed()
            self._server = None


@asynccontextmanager
async def mail_server(**options):
    server = MailServer()
    server.options = options
    await server.start()
    try:
        yield server
    finally:
        server.hang.set()
        await server.stop()


class Post:
    """One country's notifications.

    Args:
        under_test: From the kit's harness.
        server: Its mail server.
    """

    country = "TON"

    def __init__(self, under_test, server):
        self.under_test = under_test
        self.server = server
        self.topics = under_test.topics
        self.notifications = grpc_.NotificationServiceStub(under_test.channel)
        self.preferences = preferences_grpc.PreferenceServiceStub(under_test.channel)
        self.refused = under_test.refused

    @property
    def database(self):
        return self.under_test.service.database

    def officer(self, who):
        return who if "/" in who else f"countries/{self.country}/officers/{who}"

    def as_(self, who, *roles, language="en"):
        return self.under_test.token(
            self.officer(who), [f"{role}@ncb" for role in roles or ("officer",)], language=language
        )

    async def deliver(self, topic, payload, *, author="", message_id="", delivery_id="", traceparent=""):
        content = payload if isinstance(payload, bytes) else payload.SerializeToString()
        await self.topics.deliver(
            topics_pb2.Message(
                message_id=message_id or str(uuid.uuid4()),
                topic=f"bluepacific.notifications.v1.{topic}",
                author=author or f"countries/{self.country}",
                recipients=[f"countries/{self.country}"],
                payload=content,
                traceparent=traceparent,
            ),
            delivery_id,
        )

    async def learn(self, who, *roles, unit="ncb", version=1, active=True, language="", email=None, author=""):
        """Delivers what identity tells of a person."""
        payload = events_pb2.ContactChanged(
            officer=self.officer(who),
            display_name=who.title(),
            email=f"{who}@police.example" if email is None else email,
            language=language,
            grants=[
                events_pb2.ContactGrant(role=role, unit=f"countries/{self.country}/units/{unit}")
                for role in roles or ("officer",)
            ],
            active=active,
            version=version,
        )
        await self.deliver("contact.changed", payload, author=author)

    async def ask(
        self,
        template="cooperation.request_received",
        *,
        roles=(),
        unit="ncb",
        officer="",
        urgent=False,
        subject=None,
        **delivery,
    ):
        """Delivers a request to notify; returns the subject."""
        subject = subject or f"countries/{self.country}/requests/{uuid.uuid4()}"
        payload = events_pb2.NotificationRequested(
            template=template,
            subject=subject,
            unit="" if officer else f"countries/{self.country}/units/{unit}",
            roles=roles,
            officer=self.officer(officer) if officer else "",
            urgent=urgent,
        )
        await self.deliver("notification.requested", payload, **delivery)
        return subject

    def list(self, who, *, parent="", language="en", **fields):
        request = pb.ListNotificationsRequest(parent=parent or self.officer(who), **fields)
        return self.notifications.ListNotifications(request, metadata=self.as_(who, language=language))

    async def subjects(self, who):
        """Returns what a person was told of, newest first."""
        return [one.subject for one in (await self.list(who, page_size=100)).notifications]

    def watch(self, who, *, after="", last_event_id="", parent="", language="en"):
        metadata = self.as_(who, language=language)
        if last_event_id:
            metadata = (*metadata, ("last-event-id", last_event_id))
        request = pb.WatchNotificationsRequest(parent=parent or self.officer(who), after=after)
        return self.notifications.WatchNotifications(request, metadata=metadata)

    def mark_read(self, who, name):
        return self.notifications.MarkNotificationRead(
            pb.MarkNotificationReadRequest(name=name), metadata=self.as_(who)
        )

    def prefer(self, who, *, mask=(), etag="", name="", **values):
        preferences = preferences_pb2.NotificationPreferences(
            name=name or f"{self.officer(who)}/notificationPreferences", etag=etag, **values
        )
        request = preferences_pb.UpdateNotificationPreferencesRequest(notification_preferences=preferences)
        request.update_mask.paths.extend(mask)
        return self.preferences.UpdateNotificationPreferences(request, metadata=self.as_(who))

    async def rows(self, table):
        from sqlalchemy import text

        async with self.database.read() as session:
            return [dict(row._mapping) for row in await session.execute(text(f"SELECT * FROM {table}"))]

    async def until_rows(self, table, condition):
        """Returns a table's rows, once the condition holds for them."""
        async with asyncio.timeout(PATIENCE):
            while not condition(rows := await self.rows(table)):  # noqa: ASYNC110 - nothing tells of another connection
                await asyncio.sleep(0.02)
            return rows
