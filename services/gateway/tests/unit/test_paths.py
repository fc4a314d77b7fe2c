"""Path templates, and the table that finds them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bp_gateway.paths import rest_path
from bp_gateway.table import RouteTable
from bp_gateway.templates import parse_template
from bp_kit.errors import Refused

TEMPLATES = {
    "/v1/{name=countries/*/requests/*}": "/v1/countries/{country}/requests/{request}",
    "/v1/{request.name=countries/*/requests/*}:close": "/v1/countries/{country}/requests/{request}:close",
    "/v1/{parent=countries/*}/requests": "/v1/countries/{country}/requests",
    "/v1/{name=packages/*}/content/{path=**}": "/v1/packages/{package}/content/{content}",
    "/v1/{id}/things": "/v1/{v1}/things",
    "/v1/me:enrolTotp": "/v1/me:enrolTotp",
    "/v1/countries": "/v1/countries",
}


@pytest.mark.parametrize("text", TEMPLATES)
def test_a_template_is_written_as_openapi_does(text):
    assert rest_path(parse_template(text)) == TEMPLATES[text]


@pytest.mark.parametrize("text", ["/v1/{name=a/**/b}", "/v1/{Name}", "/v1/{a", "/v1/a}"])
def test_what_is_no_template_is_refused(text):
    with pytest.raises(ValueError, match="/v1"):
        parse_template(text)


def table_of(*texts):
    return RouteTable((parse_template(text), "GET", text) for text in texts)


def test_literals_win_over_one_segment_and_one_over_the_rest():
    table = table_of("/v1/{name=**}", "/v1/{name=a/*}", "/v1/a/b", "/v1/{name=a/*}:go")
    assert table.find(b"/v1/a/b", "GET")[0] == "/v1/a/b"
    assert table.find(b"/v1/a/c", "GET")[0] == "/v1/{name=a/*}"
    assert table.find(b"/v1/a/c/d", "GET")[0] == "/v1/{name=**}"
    assert table.find(b"/v1/a/b:go", "GET")[0] == "/v1/{name=a/*}:go"
    assert table.find(b"/v1/a/b:went", "GET") is None


def test_two_methods_on_one_path_are_refused():
    with pytest.raises(ValueError, match="two methods want GET"):
        table_of("/v1/{name=a/*}", "/v1/{parent=a/*}")


def test_another_http_method_is_told_which_there_are():
    with pytest.raises(Refused) as refused:
        table_of("/v1/a").find(b"/v1/a", "PUT")
    assert refused.value.metadata["allow"] == "GET"


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=8), min_size=1, max_size=4))
def test_segments_come_out_as_they_were_encoded_or_not_at_all(names):
    from urllib.parse import quote

    path = "/v1/rest/" + "/".join(quote(name, safe="") for name in names)
    found = table_of("/v1/rest/{name=**}").find(path.encode(), "GET")
    unsafe = any("/" in name or name in (".", "..") or not name.isprintable() for name in names)
    if unsafe:
        assert found is None
    else:
        assert found[1][2:] == names


@given(st.binary(max_size=40))
def test_any_path_is_found_or_not(path):
    table_of("/v1/{name=**}").find(b"/" + path, "GET")
