"""`python -m bp_notifications serve | worker | migrate | check`: the service as a process of its own."""

from __future__ import annotations

from bp_kit.alone.command import main
from bp_notifications.settings import NotificationsSettings

if __name__ == "__main__":
    main("notifications", NotificationsSettings)
