import asyncio
import uuid

from bluepacific.notifications.v1 import notification_pb2
from bp_kit.language import LANGUAGES
from bp_kit.reasons import reason_of

URGENT, UNREAD = "cooperation.request_received", notification_pb2.NOTIFICATION_STATE_UNREAD


async def refused_as(post):
    """Returns why deliveries were set aside."""
    return [row["refused"] for row in await post.rows("inbox") if row["refused"]]


async def test_a_request_reaches_those_whom_it_concerns_and_nobody_else(post):
    await post.learn("mele", "duty_officer")
    await post.learn("sione", "officer")
    await post.learn("tevita", "duty_officer", unit="tcu")
    await post.learn("ana", "duty_officer", active=False)
    subject = await post.ask(roles=["duty_officer", "ncb_head"])
    (told,) = (await post.list("mele")).notifications
    assert (told.subject, told.state, told.urgent) == (subject, UNREAD, False)
    assert told.title == "A request for your unit has arrived"
    for other in ("sione", "tevita", "ana"):
        assert await post.subjects(other) == []
    (mail,) = await post.server.wait()
    assert mail["To"] == "mele@police.example"
    assert mail["Subject"] == told.title


async def test_a_unit_without_roles_means_everybody_in_it_once(post):
    await post.learn("mele", "duty_officer", "officer", "analyst")
    await post.learn("sione", "learner")
    subject = await post.ask()
    assert await post.subjects("mele") == await post.subjects("sione") == [subject]


async def test_one_officer_is_told_alone(post):
    await post.learn("mele")
    await post.learn("sione")
    subject = await post.ask("training.credential_issued", officer="sione")
    assert (await post.subjects("mele"), await post.subjects("sione")) == ([], [subject])


async def test_a_repeat_does_not_double(post):
    await post.learn("mele")
    message_id, delivery_id = str(uuid.uuid4()), str(uuid.uuid4())
    subject = f"countries/TON/requests/{uuid.uuid4()}"
    await post.ask(subject=subject, message_id=message_id, delivery_id=delivery_id)
    await post.ask(subject=subject, message_id=message_id, delivery_id=delivery_id)
    await post.ask(subject=subject, message_id=message_id.upper())
    # Who joined since is told by the repeat, the others not again.
    await post.learn("sione")
    await post.ask(subject=subject, message_id=message_id)
    assert await post.subjects("mele") == await post.subjects("sione") == [subject]
    await post.server.wait(2)
    await post.until_rows("mail", lambda rows: not rows)
    assert sorted(mail["To"] for mail in post.server.mails) == ["mele@police.example", "sione@police.example"]


async def test_another_cause_is_another_notification(post):
    await post.learn("mele")
    subject = await post.ask()
    await post.ask(subject=subject)
    assert await post.subjects("mele") == [subject, subject]


async def test_only_the_own_country_asks(post):
    await post.learn("mele")
    await post.ask(author="countries/FJI/units/ncb")
    await post.ask(author="countries/FJI", officer="countries/FJI/officers/ana")
    await post.ask(officer="countries/FJI/officers/ana")
    assert await refused_as(post) == ["PERMISSION_DENIED"] * 3
    assert await post.subjects("mele") == []


async def test_what_cannot_be_understood_is_set_aside_and_the_rest_goes_on(post):
    await post.learn("mele")
    await post.ask("cooperation.never_heard_of")
    await post.ask(officer="nobody-knows")
    await post.ask(subject="Vessel MV Example, three suspects")
    await post.ask(roles=["Duty Officer"])
    await post.deliver("notification.requested", b"\xff\xff")
    await post.deliver("case.opened", b"")
    expected = {"TEMPLATE_UNKNOWN", "CONTACT_UNKNOWN", "INVALID_FIELD", "NOT_FOUND"}
    assert set(await refused_as(post)) == expected
    assert len(await refused_as(post)) == 6
    subject = await post.ask()
    assert await post.subjects("mele") == [subject]


async def test_preferences_decide_about_mail_unless_it_is_urgent(post):
    await post.learn("mele")
    await post.learn("sione")
    await post.prefer("mele", email_enabled=False)
    await post.ask()
    await post.ask(urgent=True)
    mails = await post.server.wait(3)
    await post.until_rows("mail", lambda rows: not rows)
    told = [(mail["To"], str(mail["Subject"]).startswith("Urgent: "), mail["Importance"]) for mail in mails]
    assert sorted(told, key=str) == [
        ("mele@police.example", True, "high"),
        ("sione@police.example", False, None),
        ("sione@police.example", True, "high"),
    ]
    assert len(await post.subjects("mele")) == 2


async def test_the_highest_version_wins_in_any_order(post):
    await post.learn("mele", "duty_officer", version=3)
    await post.learn("mele", "learner", version=2, active=False)
    await post.learn("mele", "learner", version=3)
    subject = await post.ask(roles=["duty_officer"])
    assert await post.subjects("mele") == [subject]
    await post.learn("mele", "duty_officer", version=4, active=False)
    await post.ask(roles=["duty_officer"])
    await post.ask(officer="mele")
    await post.learn("mele", "duty_officer", unit="tcu", version=5)
    await post.ask(roles=["duty_officer"])
    later = await post.ask(roles=["duty_officer"], unit="tcu")
    assert await post.subjects("mele") == [later, subject]


async def test_another_country_does_not_say_whom_to_reach(post):
    await post.learn("mele", author="countries/FJI")
    await post.learn("countries/FJI/officers/ana", author="countries/FJI")
    assert await refused_as(post) == ["PERMISSION_DENIED"] * 2
    assert await post.rows("contact") == []


async def test_addresses_that_would_break_a_message_are_refused(post):
    for address in ("mele@police.example\r\nBcc: spy@example.org", "mele", "a@b@c", "mele@po lice", "\0@x"):
        await post.learn("mele", email=address)
    assert await refused_as(post) == ["INVALID_FIELD"] * 5


async def test_without_an_address_there_is_no_mail(post):
    await post.learn("mele", email="")
    subject = await post.ask(urgent=True)
    assert await post.subjects("mele") == [subject]
    assert await post.rows("mail") == []


async def test_many_at_once_are_all_told_in_one_order(post):
    people = [f"officer-{number}" for number in range(5)]
    for person in people:
        await post.learn(person)
    await asyncio.gather(*(post.ask() for _ in range(20)))
    assert {len(await post.subjects(person)) for person in people} == {20}
    rows = await post.rows("notification")
    for person in people:
        positions = sorted(row["position"] for row in rows if row["officer"] == post.officer(person))
        assert positions == list(range(1, 21))


def test_every_reason_is_told_in_four_languages():
    from bluepacific.notifications.v1 import errors_pb2

    for value in errors_pb2.ErrorReason.DESCRIPTOR.values:
        assert set(reason_of(value.name.removeprefix("ERROR_REASON_")).texts) == set(LANGUAGES)
