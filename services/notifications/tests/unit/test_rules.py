from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bp_kit.errors import Refused
from bp_notifications.domain.contact import Audience, Contact, check_audience
from bp_notifications.domain.mail import LONGEST_WAIT, wait_before
from bp_notifications.domain.names import id_of, notification_name, officer_of, preferences_name
from bp_notifications.domain.notification import READ, Notification
from bp_notifications.domain.preferences import Preferences, language_of

NCB, TCU = "countries/TON/units/ncb", "countries/TON/units/tcu"
MELE = "countries/TON/officers/mele"
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def contact(*grants, active=True):
    return Contact(MELE, "mele@police.example", "", frozenset(grants), active, 1)


@pytest.mark.parametrize(
    ("audience", "person", "meant"),
    [
        (Audience(unit=NCB), contact(("officer", NCB)), True),
        (Audience(unit=NCB, roles=frozenset({"duty_officer"})), contact(("duty_officer", NCB)), True),
        (Audience(unit=NCB, roles=frozenset({"duty_officer"})), contact(("officer", NCB)), False),
        # The role is held, though in another unit.
        (Audience(unit=NCB, roles=frozenset({"officer"})), contact(("officer", TCU), ("learner", NCB)), False),
        (Audience(officer=MELE), contact(), True),
        (Audience(unit=NCB, among=frozenset({MELE})), contact(("officer", NCB)), True),
        (Audience(unit=NCB, among=frozenset({f"{MELE}-2"})), contact(("officer", NCB)), False),
        (Audience(unit=NCB, among=frozenset({MELE})), contact(("officer", TCU)), False),
        (Audience(officer="countries/TON/officers/sione"), contact(("officer", NCB)), False),
        (Audience(unit=NCB), contact(("officer", NCB), active=False), False),
        (Audience(officer=MELE), contact(active=False), False),
    ],
)
def test_whom_it_concerns(audience, person, meant):
    assert audience.includes(person) is meant


@pytest.mark.parametrize(
    ("audience", "author", "reason"),
    [
        (Audience(), "countries/TON", "INVALID_FIELD"),
        (Audience(unit=NCB, officer=MELE), "countries/TON", "INVALID_FIELD"),
        (Audience(unit=NCB), "countries/FJI/units/ncb", "PERMISSION_DENIED"),
        (Audience(officer="countries/FJI/officers/ana"), "countries/TON", "PERMISSION_DENIED"),
        (Audience(officer="countries/FJI/officers/ana"), "countries/FJI", "PERMISSION_DENIED"),
    ],
)
def test_a_country_asks_for_its_own_people_who_are_kept_here(audience, author, reason):
    with pytest.raises(Refused) as refused:
        check_audience(audience, author, frozenset({"TON"}))
    assert refused.value.reason == reason


def test_a_country_kept_here_asks_for_its_own():
    check_audience(Audience(unit=NCB), "countries/TON/units/ncb", frozenset({"TON", "NRU"}))


@given(attempt=st.integers(1, 10_000), first=st.timedeltas(timedelta(milliseconds=1), timedelta(hours=1)))
def test_waits_grow_to_the_longest_and_never_shrink(attempt, first):
    wait = wait_before(attempt, first)
    assert first <= wait <= LONGEST_WAIT
    assert wait_before(attempt + 1, first) in (wait * 2, LONGEST_WAIT)


def test_the_first_time_of_reading_stands():
    made = Notification(
        MELE,
        1,
        "0" * 36,
        "c",
        "cooperation.request_received",
        "countries/TON/requests/1",
        urgent=False,
        create_time=NOON,
    )
    read = made.read(NOON)
    assert (read.state, read.read_time) == (READ, NOON)
    assert read.read(NOON + timedelta(days=1)) == read


def test_preferences_count_changes_only():
    before = Preferences(MELE)
    assert before.changed({"email_enabled": True, "language": ""}, NOON) == before
    after = before.changed({"language": "fr"}, NOON)
    assert (after.version, after.language, after.email_enabled, after.update_time) == (1, "fr", True, NOON)


@pytest.mark.parametrize(
    ("enabled", "urgent", "mailed"), [(True, False, True), (False, False, False), (False, True, True)]
)
def test_urgent_ones_are_mailed_whatever_the_preferences(enabled, urgent, mailed):
    assert Preferences(MELE, email_enabled=enabled).want_mail(urgent=urgent) is mailed


@pytest.mark.parametrize(
    ("preferred", "recorded", "language"),
    [("ar", "fr", "ar"), ("", "fr", "fr"), ("", "to", ""), ("", "", ""), ("de", "es", "es")],
)
def test_the_own_preference_wins_over_the_record(preferred, recorded, language):
    assert language_of(preferred, recorded, ("en", "fr", "es", "ar")) == language


def test_names_come_apart_as_they_were_put_together():
    name = notification_name(MELE, "0199")
    assert (officer_of(name), id_of(name)) == (MELE, "0199")
    assert officer_of(preferences_name(MELE)) == MELE
