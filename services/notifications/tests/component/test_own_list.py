import asyncio

from bluepacific.notifications.v1 import notification_pb2
from bluepacific.notifications.v1 import notification_service_pb2 as pb
from bluepacific.notifications.v1 import preference_service_pb2 as preferences_pb

READ = notification_pb2.NOTIFICATION_STATE_READ


async def told(post, count):
    """Tells mele of something several times; returns the names, oldest first."""
    await post.learn("mele")
    for _ in range(count):
        await post.ask()
    return [one.name for one in reversed((await post.list("mele")).notifications)]


def get(post, who, name):
    return post.notifications.GetNotification(pb.GetNotificationRequest(name=name), metadata=post.as_(who))


def mark_all(post, who, newest="", parent=""):
    request = pb.MarkAllNotificationsReadRequest(parent=parent or post.officer(who), newest=newest)
    return post.notifications.MarkAllNotificationsRead(request, metadata=post.as_(who))


def preferences_of(post, who, owner=""):
    name = f"{post.officer(owner or who)}/notificationPreferences"
    request = preferences_pb.GetNotificationPreferencesRequest(name=name)
    return post.preferences.GetNotificationPreferences(request, metadata=post.as_(who))


async def test_pages_newest_first(post):
    names = await told(post, 5)
    first = await post.list("mele", page_size=2)
    second = await post.list("mele", page_size=2, page_token=first.next_page_token)
    third = await post.list("mele", page_size=2, page_token=second.next_page_token)
    seen = [one.name for page in (first, second, third) for one in page.notifications]
    assert seen == names[::-1]
    assert (first.unread_count, third.next_page_token) == (5, "")


async def test_reading_marks_once(post):
    names = await told(post, 3)
    read = await post.mark_read("mele", names[1])
    assert read.state == READ
    assert read.HasField("read_time")
    assert await post.mark_read("mele", names[1]) == read == await get(post, "mele", names[1])
    unread = await post.list("mele", filter="state = UNREAD")
    assert [one.name for one in unread.notifications] == [names[2], names[0]]
    assert unread.unread_count == 2
    found = await post.list("mele", filter=f'state = READ AND subject = "{read.subject}"')
    assert [one.name for one in found.notifications] == [names[1]]


async def test_all_are_marked_up_to_the_newest_seen(post):
    names = await told(post, 4)
    await post.mark_read("mele", names[0])
    assert (await mark_all(post, "mele", names[2])).marked_count == 2
    assert (await post.list("mele")).unread_count == 1
    assert (await mark_all(post, "mele")).marked_count == 1
    assert (await mark_all(post, "mele")).marked_count == 0


async def test_what_is_anothers_is_not_there(post):
    (name,) = await told(post, 1)
    mele = post.officer("mele")
    await post.refused(get(post, "sione", name), "NOT_FOUND")
    await post.refused(post.mark_read("sione", name), "NOT_FOUND")
    await post.refused(post.list("sione", parent=mele), "NOT_FOUND")
    await post.refused(mark_all(post, "sione", parent=mele), "NOT_FOUND")
    await post.refused(mark_all(post, "sione", newest=name), "NOT_FOUND")
    await post.refused(preferences_of(post, "sione", "mele"), "NOT_FOUND")
    await post.refused(post.prefer("sione", name=f"{mele}/notificationPreferences", email_enabled=False), "NOT_FOUND")
    await post.refused(get(post, "mele", f"{mele}/notifications/{'0' * 36}"), "NOT_FOUND")
    # A client's credentials are nobody's notifications.
    client = "countries/TON/clients/records"
    await post.refused(post.list(client, parent=mele), "NOT_FOUND")
    assert (await post.list("mele")).unread_count == 1


async def test_bad_requests_name_what_is_wrong(post):
    await post.refused(post.list("mele", page_size=-1), "INVALID_FIELD", field="page_size")
    await post.refused(post.list("mele", page_token="made-up"), "INVALID_PAGE_TOKEN", field="page_token")
    await post.refused(post.list("mele", filter="title = x"), "INVALID_FILTER", field="filter")
    await post.refused(get(post, "mele", "countries/TON/officers/mele/notifications/1"), "INVALID_FIELD", field="name")
    await post.refused(post.list("mele", parent="countries/FJI/officers/ana"), "PERMISSION_DENIED")
    await post.refused(
        post.prefer("mele", language="tongan"), "INVALID_FIELD", field="notification_preferences.language"
    )
    await post.refused(post.prefer("mele", language="fr", mask=["name"]), "INVALID_FIELD", field="update_mask")
    await post.refused(post.prefer("mele", name="x\0"), "INVALID_FIELD", field="notification_preferences.name")


async def test_a_page_token_is_its_callers(post):
    await told(post, 3)
    await post.learn("sione")
    page = await post.list("mele", page_size=1)
    await post.refused(post.list("sione", page_token=page.next_page_token), "INVALID_PAGE_TOKEN")


async def test_words_come_in_the_persons_language(post):
    titles = {
        "en": "A request for your unit has arrived",
        "fr": "Une demande est arrivée pour votre unité",
        "es": "Ha llegado una solicitud para su unidad",
        "ar": "وصل طلب إلى وحدتك",
    }

    async def title(spoken):
        (one,) = (await post.list("mele", language=spoken)).notifications
        return one.title

    await post.learn("mele", language="")
    await post.ask()
    assert await title("es") == titles["es"]
    await post.learn("mele", language="fr", version=2)
    assert await title("es") == titles["fr"]
    await post.prefer("mele", language="ar")
    assert await title("es") == titles["ar"]
    await post.prefer("mele", language="")
    await post.learn("mele", language="to", version=3)
    assert await title("en") == titles["en"]


async def test_preferences_are_as_for_everybody_until_changed(post):
    before = await preferences_of(post, "mele")
    assert (before.email_enabled, before.language, before.HasField("update_time")) == (True, "", False)
    changed = await post.prefer("mele", language="fr", etag=before.etag)
    assert (changed.email_enabled, changed.language) == (True, "fr")
    assert await preferences_of(post, "mele") == changed
    await post.refused(post.prefer("mele", email_enabled=False, etag=before.etag), "ETAG_MISMATCH")
    off = await post.prefer("mele", email_enabled=False, language="es", mask=["email_enabled"], etag=changed.etag)
    assert (off.email_enabled, off.language) == (False, "fr")
    back = await post.prefer("mele", mask=["email_enabled", "language"])
    assert (back.email_enabled, back.language) == (True, "")


async def test_first_changes_at_once_both_count(post):
    await asyncio.gather(post.prefer("mele", email_enabled=False), post.prefer("mele", language="fr"))
    found = await preferences_of(post, "mele")
    assert (found.email_enabled, found.language) == (False, "fr")
