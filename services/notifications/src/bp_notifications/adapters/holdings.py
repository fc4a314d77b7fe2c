"""What notifications hold about people, for data-protection officers."""

from __future__ import annotations

from bp_kit.subjects.table_holdings import Rows, TableHoldings
from bp_notifications.adapters.tables import ContactRow, GrantRow, MailRow, NotificationRow, PreferencesRow
from bp_notifications.domain.names import id_of, notification_name

_PACKAGE = "bluepacific.notifications.v1"
HOLDINGS = TableHoldings(
    [
        Rows(
            f"{_PACKAGE}.Notification",
            NotificationRow,
            lambda row: notification_name(row.officer, row.notification_id),
            (NotificationRow.officer,),
            lambda name: NotificationRow.notification_id == id_of(name) if "/notifications/" in name else None,
        ),
        Rows(
            f"{_PACKAGE}.ContactChanged",
            ContactRow,
            lambda row: row.officer,
            (ContactRow.officer,),
            lambda name: ContactRow.officer == name if "/notifications/" not in name else None,
            parts=(GrantRow.officer, PreferencesRow.officer, MailRow.officer),
        ),
    ]
)
