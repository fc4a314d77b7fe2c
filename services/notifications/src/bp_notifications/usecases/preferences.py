"""What people decide about their notifications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bp_kit.call import Principal
from bp_kit.etags import check_etag, etag_of
from bp_notifications.domain.preferences import Preferences
from bp_notifications.usecases.notifications import require_own
from bp_notifications.usecases.work import Work


def preferences_etag(preferences: Preferences) -> str:
    """Returns the preferences' etag."""
    return etag_of(preferences.officer, preferences.version)


async def get_preferences(work: Work, principal: Principal, officer: str) -> Preferences:
    """Returns the caller's own preferences.

    Raises:
        Refused: NOT_FOUND.
    """
    require_own(principal, officer)
    return await work.preferences.find(officer)


async def change_preferences(
    work: Work, principal: Principal, officer: str, *, changes: Mapping[str, Any], etag: str
) -> Preferences:
    """Changes the caller's own preferences.

    Args:
        work: The transaction's parts.
        principal: Who calls.
        officer: Whose they are.
        changes: New values of `email_enabled` and `language`.
        etag: As it was read; empty asks for no check.

    Raises:
        Refused: NOT_FOUND, ETAG_MISMATCH.
    """
    require_own(principal, officer)
    current = await work.preferences.find(officer, for_change=True)
    check_etag(etag, preferences_etag(current))
    changed = current.changed(changes, work.clock())
    if changed != current:
        await work.preferences.save(changed)
    return changed
