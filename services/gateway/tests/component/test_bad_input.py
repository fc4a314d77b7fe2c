"""Whatever comes in: a 4xx problem that names the place and the reason, and nothing changed."""

import json

from bp_library.serving import BOOKS

LANGUAGES = {"en": "must be a whole number", "fr": "nombre entier", "es": "número entero", "ar": "عدداً صحيحاً"}

BODIES = {
    # body: reason, pointer of the field at fault
    '{"title": "a", "colour": "COLOUR_BLUE"': ("MALFORMED_JSON", None),
    "": ("INVALID_FIELD", ""),
    "null": ("INVALID_FIELD", ""),
    "[]": ("INVALID_FIELD", ""),
    '"text"': ("INVALID_FIELD", ""),
    '{"title": "a", "wings": 2}': ("UNKNOWN_FIELD", "/wings"),
    '{"title": "a", "summary": {"text": {}}}': ("UNKNOWN_FIELD", "/summary/text"),
    '{"title": null}': ("INVALID_FIELD", "/title"),
    '{"title": "a", "summary": null}': ("INVALID_FIELD", "/summary"),
    '{"title": "a", "authors": null}': ("INVALID_FIELD", "/authors"),
    '{"title": 5}': ("INVALID_FIELD", "/title"),
    '{"title": "a\\u0000b"}': ("INVALID_FIELD", "/title"),
    '{"title": "\\ud800"}': ("MALFORMED_JSON", None),
    '{"title": ""}': ("INVALID_FIELD", "/title"),
    '{"title": "a", "pageCount": "many"}': ("INVALID_FIELD", "/pageCount"),
    '{"title": "a", "pageCount": 1.5}': ("INVALID_FIELD", "/pageCount"),
    '{"title": "a", "pageCount": true}': ("INVALID_FIELD", "/pageCount"),
    '{"title": "a", "pageCount": 1e400}': ("MALFORMED_JSON", None),
    '{"title": "a", "pageCount": NaN}': ("MALFORMED_JSON", None),
    '{"title": "a", "pageCount": 123456789012345678901234567890}': ("INVALID_FIELD", "/pageCount"),
    '{"title": "a", "pageCount": ' + "9" * 5000 + "}": ("MALFORMED_JSON", None),
    '{"title": "a", "pageCount": 2147483648}': ("INVALID_FIELD", "/pageCount"),
    '{"title": "a", "pageCount": -1}': ("INVALID_FIELD", "/pageCount"),
    '{"title": "a", "colour": "COLOUR_PUCE"}': ("INVALID_FIELD", "/colour"),
    '{"title": "a", "colour": 77}': ("INVALID_FIELD", "/colour"),
    '{"title": "a", "authors": "Sina"}': ("INVALID_FIELD", "/authors"),
    '{"title": "a", "authors": ["Sina", null]}': ("INVALID_FIELD", "/authors/1"),
    '{"title": "a", "authors": ["Sina", ""]}': ("INVALID_FIELD", "/authors/1"),
    '{"title": "a", "title": "b"}': ("INVALID_FIELD", "/title"),
    '{"title": "a", "pageCount": 1, "page_count": 1}': ("INVALID_FIELD", "/page_count"),
    '{"title": "a", "summary": {"texts": {"en": "x", "en": "y"}}}': ("INVALID_FIELD", "/summary/texts/en"),
    '{"title": "a", "createTime": "yesterday"}': ("INVALID_FIELD", "/createTime"),
    '{"title": "' + "a" * 101 + '"}': ("INVALID_FIELD", "/title"),
    '{"title": ' + "[" * 2000 + "]" * 2000 + "}": ("MALFORMED_JSON", None),
    '{"title": ' + "[" * 900 + "]" * 900 + "}": ("INVALID_FIELD", "/title"),
}


async def test_a_bad_body(gateway, subtests):
    headers = gateway.as_learner(**{"content-type": "application/json"})
    for body, (reason, pointer) in BODIES.items():
        with subtests.test(body=body[:60]):
            answer = await gateway.http.post(BOOKS, content=body.encode(), headers=headers)
            problem = assert_problem(answer, 400, reason)
            if pointer is not None:
                assert [one.get("pointer") for one in problem["errors"]] == [pointer]
    assert (await gateway.http.get(BOOKS)).json().get("books") is None


async def test_bytes_that_are_no_text(gateway):
    headers = gateway.as_learner(**{"content-type": "application/json"})
    answer = await gateway.http.post(BOOKS, content=b'{"title": "\xff\xfe"}', headers=headers)
    assert_problem(answer, 400, "MALFORMED_JSON")


async def test_messages_nested_too_deep(gateway):
    for deep in (81, 200, 1000):
        body = '{"part":' + '{"parts":[' * deep + "{}" + "]}" * deep + "}"
        answer = await gateway.http.post("/v1/echo", content=body, headers={"content-type": "application/json"})
        assert_problem(answer, 400, "INVALID_FIELD" if deep < 500 else "MALFORMED_JSON")


async def test_a_body_of_another_kind(gateway):
    for media_type in ("text/plain", "application/xml", "application/json; charset=latin-1", "application/jsonp", ""):
        headers = gateway.as_learner(**{"content-type": media_type})
        answer = await gateway.http.post(BOOKS, content=b'{"title": "a"}', headers=headers)
        assert_problem(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


async def test_json_may_say_its_charset(gateway):
    headers = gateway.as_learner(**{"content-type": 'Application/JSON; charset="UTF-8"'})
    assert (await gateway.http.post(BOOKS, content=b'{"title": "a"}', headers=headers)).status_code == 200


QUERIES = {
    "pageSize=x": ("INVALID_FIELD", "pageSize"),
    "pageSize=": ("INVALID_FIELD", "pageSize"),
    "pageSize=-1": ("INVALID_FIELD", "pageSize"),
    "pageSize=99999999999999999999999": ("INVALID_FIELD", "pageSize"),
    "pageSize=1&pageSize=2": ("INVALID_FIELD", "pageSize"),
    "pageSize=1&page_size=2": ("INVALID_FIELD", "page_size"),
    "wings=2": ("UNKNOWN_FIELD", "wings"),
    "/wings=2": ("UNKNOWN_FIELD", "/wings"),
    "parent=countries/TON": ("UNKNOWN_FIELD", "parent"),
    "narrowing=x": ("UNKNOWN_FIELD", "narrowing"),
    "narrowing.colour=COLOUR_PUCE": ("INVALID_FIELD", "narrowing.colour"),
    "narrowing.sinceTime=now": ("INVALID_FIELD", "narrowing.sinceTime"),
    "pageToken=%00": ("INVALID_FIELD", "pageToken"),
    "pageToken=%FF": ("INVALID_FIELD", "query"),
    "pageToken=" + "a" * 501: ("INVALID_FIELD", "pageToken"),
    "pageToken": ("INVALID_FIELD", "query"),
    "&".join(["narrowing.pageCounts=1"] * 201): ("INVALID_FIELD", "query"),
}


async def test_a_bad_query(gateway, subtests):
    for query, (reason, parameter) in QUERIES.items():
        with subtests.test(query=query[:60]):
            problem = assert_problem(await gateway.http.get(f"{BOOKS}?{query}"), 400, reason)
            assert [one.get("parameter") for one in problem["errors"]] == [parameter]


PATHS = {
    "/v1/countries/FJI/books/%C3%BC": 400,  # a letter that no name has
    "/v1/countries/fji/books/a": 403,
    "/v1/countries/FJI/books/A": 400,
    "/v1/countries/FJI/books/a%2Fb": 404,
    "/v1/countries/FJI/books/%FF": 404,
    "/v1/countries/FJI/books/%00": 404,
    "/v1/countries/FJI/books/..": 404,
    "/v1/countries/FJI/books/%2e%2e": 404,
    "/v1/countries/FJI/books/": 404,
    "/v1/countries/FJI//books/a": 404,
    "/v1/countries/FJI/books/a%3Areserve": 400,  # an encoded colon is part of a name, never a verb
    "/v1": 404,
    "/": 404,
}


async def test_a_bad_path(gateway, subtests):
    headers = "".join(f"{name}: {value}\r\n" for name, value in gateway.as_learner().items())
    for path, status in PATHS.items():
        with subtests.test(path=path):
            request = f"GET {path} HTTP/1.1\r\nhost: node.test\r\n{headers}connection: close\r\n\r\n"
            head, _, body = (await gateway.raw(request.encode())).partition(b"\r\n\r\n")
            assert int(head.split()[1]) == status, body
            assert json.loads(body)["status"] == status


async def test_where_a_piece_of_the_path_is_at_fault_it_is_told_as_a_parameter(gateway):
    answer = await gateway.http.post("/v1/countries/FJI/books/A:reserve", json={"days": 99})
    problem = assert_problem(answer, 400, "INVALID_FIELD")
    assert [{key: one[key] for key in one.keys() & {"parameter", "pointer"}} for one in problem["errors"]] == [
        {"parameter": "name"},
        {"pointer": "/days"},
    ]


async def test_a_body_may_not_contradict_the_path(gateway):
    body = {"title": "a", "name": "countries/FJI/books/b"}
    answer = await gateway.http.patch("/v1/countries/FJI/books/a", json=body, headers=gateway.as_learner())
    problem = assert_problem(answer, 400, "INVALID_FIELD")
    assert problem["errors"][0]["parameter"] == "book.name"


HEADERS = [
    ("authorization", "Bearer \xe9", 401),
    ("authorization", "Bearer " + "a" * 7000, 401),
    ("authorization", "Basic YTpi", 401),
    ("authorization", "Bearer a.b.c", 401),
    ("accept-language", "fr\xe9", 400),
    ("x-purpose", "CURIOSITY", 400),
    ("x-deadline-ms", "soon", 400),
    ("x-deadline-ms", "0", 400),
]


async def test_a_bad_header(gateway, subtests):
    for name, value, status in HEADERS:
        with subtests.test(name=name, value=value[:20]):
            answer = await gateway.http.get(BOOKS, headers={name: value.encode("latin-1")})
            problem = assert_problem(answer, status)
            if status == 400:
                assert problem["errors"][0]["parameter"] == name
            else:
                assert answer.headers["www-authenticate"].startswith("Bearer error=")


async def test_many_faults_are_told_without_breaking_the_connection(gateway):
    body = {"title": "a", "authors": [""] * 2000}
    answer = await gateway.http.post(BOOKS, json=body, headers=gateway.as_learner())
    problem = assert_problem(answer, 400, "INVALID_FIELD")
    assert len(problem["errors"]) >= 10


async def test_a_method_that_the_path_does_not_take(gateway):
    answer = await gateway.http.put(f"{BOOKS}/a", json={})
    assert_problem(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "DELETE, GET, PATCH"


async def test_problems_are_told_in_the_callers_language(gateway):
    for language, text in LANGUAGES.items():
        headers = {"accept-language": f"{language}-FJ, de;q=0.5"}
        answer = await gateway.http.get(f"{BOOKS}?pageSize=x", headers=headers)
        assert text in assert_problem(answer, 400)["detail"]
        assert answer.headers["content-language"] == language


def assert_problem(answer, status, reason=None):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"] == f"http://node.test/docs/errors/{problem['reason']}"
    assert problem["instance"] == f"urn:trace:{answer.headers['x-trace-id']}"
    assert problem["title"]
    assert problem["detail"]
    assert reason is None or problem["reason"] == reason, answer.text
    return problem
