import uuid

from post import Post


async def test_a_request_reaches_those_whom_it_concerns_and_nobody_else(post: Post):
    await post.learn("mele", "duty_officer")
    await post.learn("sione", "officer")
    await post.learn("tevita", "duty_officer", unit="tcu")
    await post.learn("ana", "duty_officer", active=False)
    subject = await post.ask(roles=["duty_officer", "ncb_head"])
    assert await post.subjects("mele") == [subject]
    for other in ("sione", "tevita", "ana"):
        assert await post.subjects(other) == []
    (mail,) = await post.server.wait()
    assert mail["To"] == "mele@police.example"
