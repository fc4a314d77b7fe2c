"""What the document says of the library: the rules of requests, the freedom of responses, the comments as texts."""

import pytest
from bp_library.protos import DESCRIPTORS

from bp_gateway.openapi import openapi_document
from bp_gateway.settings import GatewaySettings

BOOK = "/v1/countries/{country}/books/{book}"


@pytest.fixture(scope="module")
def document():
    return openapi_document(DESCRIPTORS, GatewaySettings(public_url="https://node.test/"))


def test_comments_become_texts(document):
    operation = document["paths"]["/v1/countries/{country}/books"]["get"]
    assert (operation["operationId"], operation["summary"]) == ("BookService_ListBooks", "Lists books")
    assert operation["description"].startswith("Lists books.\n\nBy title.")
    assert "Anybody may call it." in operation["description"]
    assert operation["security"] == []
    assert document["paths"][BOOK]["get"]["description"].endswith("Permission `library.books.get`. Roles: learner.")
    assert document["components"]["schemas"]["library.Book"]["properties"]["title"]["description"] == "Its title."


def test_requests_keep_rules_and_responses_are_free(document):
    schemas = document["components"]["schemas"]
    title = schemas["library.Book"]["properties"]["title"]
    assert "maxLength" not in title
    created = document["paths"]["/v1/countries/{country}/books"]["post"]["requestBody"]
    assert created == {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/library.BookInput"}}},
    }
    asked = schemas["library.BookInput"]
    assert asked["required"] == ["title"]
    assert (asked["properties"]["title"]["minLength"], asked["properties"]["title"]["maxLength"]) == (1, 100)
    assert asked["properties"]["createTime"]["readOnly"] is True
    assert asked["properties"]["authors"]["items"] == {"type": "string", "minLength": 1, "maxLength": 100}


def test_what_the_path_gives_is_not_asked_of_the_body(document):
    changed = document["paths"][BOOK]["patch"]
    schema = changed["requestBody"]["content"]["application/json"]["schema"]
    assert "name" not in schema["properties"]
    names = [(one["in"], one["name"]) for one in changed["parameters"]]
    assert names == [("path", "country"), ("path", "book"), ("query", "updateMask"), ("header", "If-Match")]


def test_a_call_that_may_wait_says_so(document):
    created = document["paths"]["/v1/countries/{country}/books"]["post"]
    assert "Prefer" in [one["name"] for one in created["parameters"]]
    kept = created["responses"]["202"]
    assert set(kept["headers"]) == {"Location", "Preference-Applied", "Retry-After"}
    schema = kept["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert "acceptTime" in document["components"]["schemas"][schema]["properties"]
    assert "202" not in document["paths"][BOOK]["patch"]["responses"]


def test_pieces_of_the_path_have_the_pattern_of_their_piece(document):
    pieces = {one["name"]: one["schema"] for one in document["paths"][BOOK]["delete"]["parameters"]}
    assert pieces["country"]["pattern"] == "^[A-Z]{3}$"
    assert pieces["book"]["pattern"] == "^[a-z0-9-]{1,63}$"


def test_nested_fields_are_parameters_with_dots(document):
    listed = document["paths"]["/v1/countries/{country}/books"]["get"]["parameters"]
    named = {one["name"]: one["schema"] for one in listed}
    assert named["narrowing.sinceTime"] == {"type": "string", "format": "date-time"}
    assert named["narrowing.pageCounts"]["items"]["format"] == "int32"
    assert named["pageSize"]["minimum"] == 0


def test_streams_and_files_say_what_they_are(document):
    paths = document["paths"]
    events = paths["/v1/countries/{country}/books:watch"]["get"]["responses"]["200"]["content"]
    assert events["text/event-stream"]["x-event-data"] == {"$ref": "#/components/schemas/library.BookEvent"}
    assert "*/*" in paths[f"{BOOK}:download"]["get"]["responses"]["200"]["content"]
    assert "*/*" in paths[f"{BOOK}:upload"]["post"]["requestBody"]["content"]


def test_every_operation_can_be_refused(document):
    for path in document["paths"].values():
        for operation in path.values():
            problem = {"$ref": "#/components/responses/Problem"}
            assert operation["responses"]["default"] == problem
            assert operation["responses"]["400"] == problem


def test_nothing_refers_to_what_is_not_there(document):
    def references(value):
        if isinstance(value, dict):
            if "$ref" in value:
                yield value["$ref"]
            for item in value.values():
                yield from references(item)
        elif isinstance(value, list):
            for item in value:
                yield from references(item)

    for reference in references(document):
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_answers_that_may_be_old_say_so(document):
    def headers(path):
        return set(document["paths"][path]["get"]["responses"]["200"].get("headers", {}))

    assert headers(BOOK) == {"ETag", "Age"}
    assert "Age" not in headers("/v1/countries/{country}/books")
