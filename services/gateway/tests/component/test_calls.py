"""JSON in, JSON out: through a real server, over real gRPC, into a real database."""

import uuid

import pytest
from bp_library.serving import BOOKS


async def test_a_book_is_added_read_listed_changed_and_removed(gateway):
    book = await gateway.add(pageCount=12, colour="COLOUR_BLUE", authors=["Sina"], summary={"texts": {"fr": "Marées"}})
    path = f"/v1/{book['name']}"
    headers = gateway.as_learner()

    read = await gateway.http.get(path, headers=headers)
    assert read.status_code == 200
    assert read.headers["content-type"] == "application/json"
    assert read.json() == book | {"etag": read.headers["etag"]}

    listed = await gateway.http.get(BOOKS)
    assert listed.json() == {"books": [book], "unreachable": ["countries/TON"]}

    changed = await gateway.http.patch(path, json={"title": "Reefs"}, headers=headers)
    assert changed.json()["title"] == "Reefs"
    assert changed.json()["name"] == book["name"]

    removed = await gateway.http.delete(path, headers=headers)
    assert (removed.status_code, removed.json()) == (200, {})
    assert (await gateway.http.get(path, headers=headers)).status_code == 404


async def test_a_verb_after_a_colon_is_its_own_route(gateway):
    answer = await gateway.http.post(f"{BOOKS}/tides:reserve", json={"days": 3})
    assert answer.json() == {"expireTime": "2026-01-03T00:00:00Z"}
    unknown = await gateway.http.post(f"{BOOKS}/tides:burn", json={"days": 3})
    assert (unknown.status_code, unknown.json()["reason"]) == (404, "ROUTE_NOT_FOUND")


async def test_an_additional_path_reaches_the_same_method(gateway):
    answer = await gateway.http.get("/v1/countries/FJI/shelves/a/books/b", headers=gateway.as_learner())
    assert answer.json()["metadata"] == {"name": "countries/FJI/shelves/a/books/b"}


async def test_query_parameters_set_fields_however_deep(gateway):
    query = (
        "pageSize=5&page_token=a%20b%2Fc&narrowing.colour=COLOUR_GREEN&narrowing.sinceTime=2026-01-02T03:04:05Z"
        "&narrowing.pageCounts=1&narrowing.page_counts=2"
    )
    answer = await gateway.http.get(f"{BOOKS}?{query}")
    assert answer.status_code == 200, answer.text
    asked = gateway.library.asked
    assert (asked.parent, asked.page_size, asked.page_token) == ("countries/FJI", 5, "a b/c")
    assert (asked.narrowing.colour, list(asked.narrowing.page_counts)) == (2, [1, 2])
    assert asked.narrowing.since_time.ToJsonString() == "2026-01-02T03:04:05Z"


async def test_what_headers_say_reaches_the_service(gateway):
    book = await gateway.add()
    headers = gateway.as_learner(**{"accept-language": "fr-FJ", "x-purpose": "TRAINING"})
    await gateway.http.get(f"/v1/{book['name']}", headers=headers)
    call = gateway.library.calls[-1]
    assert (call.principal.name, call.language, call.purpose) == ("countries/FJI/officers/ana", "fr", call.purpose)
    assert call.purpose


class TestVersions:
    async def test_a_known_version_is_not_sent_again(self, gateway):
        book = await gateway.add()
        headers = gateway.as_learner(**{"if-none-match": f'"other", W/{book["etag"]}'})
        answer = await gateway.http.get(f"/v1/{book['name']}", headers=headers)
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", book["etag"])

    async def test_a_newer_version_is_sent(self, gateway):
        book = await gateway.add()
        headers = gateway.as_learner(**{"if-none-match": '"other"'})
        assert (await gateway.http.get(f"/v1/{book['name']}", headers=headers)).status_code == 200

    @pytest.mark.parametrize(("etag", "status"), [("current", 200), ("*", 200), ('"other"', 412)])
    async def test_a_condition_is_kept(self, gateway, etag, status):
        book = await gateway.add()
        headers = gateway.as_learner(**{"if-match": book["etag"] if etag == "current" else etag})
        changed = await gateway.http.patch(f"/v1/{book['name']}", json={"title": "Reefs"}, headers=headers)
        assert changed.status_code == status
        removed = await gateway.http.delete(f"/v1/{book['name']}", headers=headers)
        assert removed.status_code == (412 if etag == "current" else status)

    async def test_the_field_alone_is_a_conflict(self, gateway):
        book = await gateway.add()
        body = {"title": "Reefs", "etag": '"other"'}
        changed = await gateway.http.patch(f"/v1/{book['name']}", json=body, headers=gateway.as_learner())
        assert (changed.status_code, changed.json()["reason"]) == (409, "ETAG_MISMATCH")

    async def test_a_condition_that_the_method_cannot_keep_is_refused(self, gateway):
        answer = await gateway.http.post(f"{BOOKS}/tides:reserve", json={"days": 3}, headers={"if-match": '"a"'})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["parameter"] == "If-Match"


class TestRepeats:
    async def test_a_repeat_gets_the_first_answer(self, gateway):
        headers = gateway.as_learner(**{"idempotency-key": str(uuid.uuid4())})
        first = await gateway.http.post(BOOKS, json={"title": "Tides"}, headers=headers)
        again = await gateway.http.post(BOOKS, json={"title": "Tides"}, headers=headers)
        assert again.json() == first.json()
        assert len((await gateway.http.get(BOOKS)).json()["books"]) == 1
        other = await gateway.http.post(BOOKS, json={"title": "Reefs"}, headers=headers)
        assert (other.status_code, other.json()["reason"]) == (400, "REQUEST_ID_REUSED")

    async def test_the_key_may_be_quoted_and_must_be_a_uuid(self, gateway):
        quoted = gateway.as_learner(**{"idempotency-key": f'"{uuid.uuid4()}"'})
        assert (await gateway.http.post(BOOKS, json={"title": "Tides"}, headers=quoted)).status_code == 200
        wrong = gateway.as_learner(**{"idempotency-key": "again"})
        answer = await gateway.http.post(BOOKS, json={"title": "Tides"}, headers=wrong)
        assert answer.status_code == 400
        assert "UUID" in answer.json()["detail"]


async def test_a_file_in_one_piece_is_its_own_media_type(gateway):
    answer = await gateway.http.get(f"{BOOKS}/tides:card")
    assert (answer.content, answer.headers["content-type"]) == (b"<b>card</b>", "text/html; charset=utf-8")
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/v1/books:sweep", "/bluepacific.library.v1.BookService/CountBooks"])
async def test_what_is_for_services_only_has_no_route(gateway, path):
    answer = await gateway.http.post(path, json={})
    assert (answer.status_code, answer.json()["reason"]) == (404, "ROUTE_NOT_FOUND")
