"""The gateway adds nothing to tell what is hidden from what does not exist by: no status, header or byte, and no answer given again."""

import re
from datetime import UTC, datetime

import grpc
import pytest
from bp_library.app import LibrarySettings, build
from bp_library.serving import BOOKS, Running, app_of, connected

from bp_gateway.routes import DerivedRoute
from bp_kit.subjects.restrictions import BLOCK, restrict

# What differs between any two answers.
_OWN = ("date", "x-trace-id")
_LOOKED_UP = ("GetBook", "UpdateBook", "DeleteBook")
_ABSENT = "0199aaaa-5b7a-7e3c-9a1b-2f4d6c8e0a11"


async def hide(gateway, book):
    async with gateway.under_test.service.database.write() as session:
        await restrict(session, [book["name"]], BLOCK, operation="test", now=datetime.now(UTC))


def asked(gateway):
    """Returns method and path of all that looks a book up; the library gives other things for any name."""
    found = [
        (method, route.path)
        for route in gateway.app.router.routes
        if isinstance(route, DerivedRoute) and route.binding.method.name in _LOOKED_UP and "{book}" in route.path
        for method in route.methods
    ]
    assert {method for method, _ in found} == {"GET", "PATCH", "DELETE"}
    return sorted(found)


async def told(gateway, method, path, book, **headers):
    """Returns all that a caller is told, without the name that it asked for."""
    content = {} if method in ("GET", "DELETE") else {"json": {"title": "Reefs"}}
    url = path.format(country="FJI", shelve="one", book=book)
    answer = await gateway.http.request(method, url, headers={**gateway.as_learner(), **headers}, **content)
    kept = [(name, value) for name, value in answer.headers.multi_items() if name not in _OWN]
    body = re.sub(r"urn:trace:[0-9a-f]{32}", "", answer.text.replace(book, "<book>"))
    return answer.status_code, sorted(kept), body


@pytest.mark.parametrize("condition", ["", "if-none-match", "if-match"])
async def test_what_is_hidden_is_answered_as_what_does_not_exist(gateway, condition):
    book = await gateway.add()
    await hide(gateway, book)
    identifier = book["name"].rpartition("/")[2]
    headers = {condition: f'"{book["etag"]}"'} if condition else {}
    for method, path in asked(gateway):
        seen = await told(gateway, method, path, identifier, **headers)
        assert seen == await told(gateway, method, path, _ABSENT, **headers), (method, path)
        # A condition is refused where it has no meaning, whatever it is asked of.
        assert seen[0] == 404 or (condition and seen[0] == 400), (method, path, seen)


async def test_what_was_told_before_it_was_hidden_is_not_told_again(harness):
    async with harness.run(build, LibrarySettings) as under_test, grpc.aio.insecure_channel("127.0.0.1:1") as nowhere:
        way = [under_test.channel]
        app = app_of(lambda _package, _country: way[0])
        async with connected(app) as (port, http):
            gateway = Running(http, port, under_test, app)
            book = await gateway.add()
            path, identifier = BOOKS.replace("FJI", "{country}") + "/{book}", book["name"].rpartition("/")[2]
            assert (await told(gateway, "GET", path, identifier))[0] == 200
            await hide(gateway, book)
            assert (await told(gateway, "GET", path, identifier))[0] == 404
            way[0] = nowhere
            seen = await told(gateway, "GET", path, identifier)
            assert seen[0] == 503
            assert seen == await told(gateway, "GET", path, _ABSENT)
