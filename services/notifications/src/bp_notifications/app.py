"""The composition root of notifications."""

from __future__ import annotations

from bluepacific.notifications.v1 import notification_service_pb2_grpc, preference_service_pb2_grpc
from bp_kit.database import Database
from bp_kit.inbox import Subscriber
from bp_kit.outbox import OutboxRelay
from bp_kit.ports import Seams
from bp_kit.service import Service
from bp_kit.subjects.desk import SubjectDesk
from bp_notifications.adapters.bells import BellBoard
from bp_notifications.adapters.holdings import HOLDINGS
from bp_notifications.adapters.smtp import SmtpMailer
from bp_notifications.adapters.unit_of_work import Desk
from bp_notifications.adapters.wording import Wording
from bp_notifications.api.notifications import NotificationServicer
from bp_notifications.api.preferences import PreferenceServicer
from bp_notifications.settings import NotificationsSettings
from bp_notifications.usecases.work import Rules
from bp_notifications.workers.lookout import Lookout
from bp_notifications.workers.postman import Postman
from bp_notifications.workers.tidying import Tidier
from bp_notifications.workers.topics import Handlers


def build(settings: NotificationsSettings, seams: Seams) -> Service:
    """Puts notifications together."""
    database = Database(settings.database_url)
    rules = Rules(
        home=frozenset(settings.countries or (seams.country,)),
        retry=settings.mail_retry,
        # Longer than an e-mail may take, so that nobody sends it a second time meanwhile.
        claim=settings.smtp_timeout * 2,
        mail_lifetime=settings.mail_lifetime,
        notification_lifetime=settings.notification_lifetime,
        stream_limit=settings.stream_limit,
        stream_seconds=settings.stream_lifetime.total_seconds(),
    )
    desk = Desk(database, seams, Wording(settings.public_url), BellBoard(), rules)
    handlers = {**Handlers(desk).by_topic(), **SubjectDesk(HOLDINGS, seams, "notifications").by_topic()}
    poll_seconds = settings.poll_interval.total_seconds()
    postman = Postman(desk, SmtpMailer(settings.mail_server), mail_from=settings.mail_from, poll_seconds=poll_seconds)
    return Service(
        name="notifications",
        package="bp_notifications",
        database=database,
        holdings=HOLDINGS,
        servicers=[
            (
                notification_service_pb2_grpc.add_NotificationServiceServicer_to_server,
                NotificationServicer(desk),
            ),
            (preference_service_pb2_grpc.add_PreferenceServiceServicer_to_server, PreferenceServicer(desk)),
        ],
        workers=[
            OutboxRelay(database, seams, "notifications").run,
            Subscriber(database, seams, "notifications", handlers).run,
            postman.run,
            Lookout(desk, poll_seconds).run,
            Tidier(desk, settings.tidy_interval.total_seconds()).run,
        ],
    )
