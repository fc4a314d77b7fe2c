"""PreferenceService."""

from __future__ import annotations

from typing import Any

from bluepacific.notifications.v1 import preference_service_pb2 as pb
from bluepacific.notifications.v1 import preference_service_pb2_grpc as grpc_
from bluepacific.notifications.v1 import preferences_pb2
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.masks import check_mask
from bp_kit.times import timestamp
from bp_notifications.adapters.unit_of_work import Desk
from bp_notifications.domain.names import officer_of, preferences_name
from bp_notifications.domain.preferences import Preferences
from bp_notifications.usecases import preferences as usecases

# What they are when they are named in the mask and not set.
_DEFAULTS: dict[str, bool | str] = {"email_enabled": True, "language": ""}


class PreferenceServicer(grpc_.PreferenceServiceServicer):
    """People's own preferences.

    Args:
        desk: Makes the parts of a transaction.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def GetNotificationPreferences(
        self, request: pb.GetNotificationPreferencesRequest, context: Any
    ) -> preferences_pb2.NotificationPreferences:
        """Gets the caller's own preferences."""
        work = self._desk.on(current_session())
        found = await usecases.get_preferences(work, current_call().principal, officer_of(request.name))
        return _message(found)

    async def UpdateNotificationPreferences(
        self, request: pb.UpdateNotificationPreferencesRequest, context: Any
    ) -> preferences_pb2.NotificationPreferences:
        """Changes the caller's own preferences."""
        wanted = request.notification_preferences
        changed = await usecases.change_preferences(
            self._desk.on(current_session()),
            current_call().principal,
            officer_of(wanted.name),
            changes=_changes(request),
            etag=wanted.etag,
        )
        return _message(changed)


def _changes(request: pb.UpdateNotificationPreferencesRequest) -> dict[str, bool | str]:
    """Returns the new values of the fields that the mask names, or without one of those that are set.

    Raises:
        Refused: INVALID_FIELD.
    """
    check_mask(request.update_mask, _DEFAULTS)
    given: dict[str, bool | str] = {}
    wanted = request.notification_preferences
    if wanted.HasField("email_enabled"):
        given["email_enabled"] = wanted.email_enabled
    if wanted.HasField("language"):
        given["language"] = wanted.language
    if not request.update_mask.paths:
        return given
    return {path: given.get(path, _DEFAULTS[path]) for path in request.update_mask.paths}


def _message(preferences: Preferences) -> preferences_pb2.NotificationPreferences:
    return preferences_pb2.NotificationPreferences(
        name=preferences_name(preferences.officer),
        email_enabled=preferences.email_enabled,
        language=preferences.language,
        etag=usecases.preferences_etag(preferences),
        update_time=timestamp(preferences.update_time),
    )
