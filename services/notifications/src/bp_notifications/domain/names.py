"""Resource names: taken apart and put together in one place."""

from __future__ import annotations

_NOTIFICATIONS = "/notifications/"
_PREFERENCES = "/notificationPreferences"


def notification_name(officer: str, notification_id: str) -> str:
    """Returns a notification's name."""
    return f"{officer}{_NOTIFICATIONS}{notification_id}"


def officer_of(name: str) -> str:
    """Returns whose a notification or preferences are."""
    return name.partition(_NOTIFICATIONS)[0].removesuffix(_PREFERENCES)


def id_of(notification: str) -> str:
    """Returns the id that ends a notification's name."""
    return notification.rpartition("/")[2]


def preferences_name(officer: str) -> str:
    """Returns the name of a person's preferences."""
    return f"{officer}{_PREFERENCES}"
