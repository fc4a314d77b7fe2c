"""Nobody can tell what others were told from what does not exist: not by the answer, not by the work that it costs."""

from bp_kit.testing.hidden import Onlooker, namesakes, probes


async def test_what_others_were_told_cannot_be_told_from_what_does_not_exist(post):
    await post.learn("mele")
    await post.ask()
    (told,) = (await post.list("mele")).notifications
    hidden = [told.name, post.officer("mele"), f"{post.officer('mele')}/notificationPreferences"]
    onlooker, asked, told_apart = Onlooker(post.under_test.channel), set(), []
    with onlooker.watching():
        for probe, name in probes(post.under_test.service, hidden):
            asked.add(probe.method.name)
            for namesake in (*namesakes(name), name.replace("/mele", "/qqqq")):
                if probe.request(namesake) is None:
                    continue
                seen, other = [
                    await onlooker.see(probe, probe.request(one), post.as_("sione"), name=one)
                    for one in (name, namesake)
                ]
                if seen != other:
                    told_apart.append(f"{probe} of {name}: {seen.against(other)}")
    assert not told_apart, "\n".join(told_apart)
    assert asked >= {"GetNotification", "ListNotifications", "WatchNotifications", "MarkNotificationRead"}
