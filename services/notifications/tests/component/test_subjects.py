"""What notifications answer data-protection officers about a person."""

from bp_kit.testing.subjects import ask_about, stands


async def test_a_person_is_found_and_erased(post):
    await post.learn("mele", "duty_officer")
    await post.ask(officer=post.officer("mele"))
    mele = post.officer("mele")
    found = stands(await ask_about(post.under_test, officer=mele, country="TON"))
    assert set(found.values()) == {"READABLE"}
    assert mele in found
    assert len(found) == 2
    erased = stands(await ask_about(post.under_test, "ERASE", officer=mele, country="TON"))
    assert set(erased.values()) == {"ERASED"}
    for table in ("contact", "contact_grant", "notification", "preferences", "mail"):
        assert not await post.rows(table)
    assert stands(await ask_about(post.under_test, officer=mele, country="TON")) == {}
