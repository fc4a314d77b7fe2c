"""One gateway before the nodes of two countries: a name's country tells which is called, and a token stays with its own."""

import base64
import json

import pytest
from bp_library.app import LibrarySettings, build
from bp_library.serving import app_of, connected

from bp_gateway.calls import claims_of

HOSTED = {"TUV": {"addresses": {"library": "tuv-library:8443"}, "tls_dir": "/nowhere"}}
TITLES = ("Tides", "Atolls")


@pytest.fixture
async def two_countries(harness):
    """Gives a client of the gateway, and what serves Fiji and Tuvalu."""
    async with (
        harness.run(build, LibrarySettings) as fiji,
        harness.run(build, LibrarySettings) as tuvalu,
    ):

        def channels(_package, country):
            return (tuvalu if country == "TUV" else fiji).channel

        async with connected(app_of(channels, hosted=HOSTED)) as (_, http):
            yield http, fiji, tuvalu


def learner(under_test, country):
    return dict(under_test.token(f"countries/{country}/officers/ana", ["learner@academy"]))


async def test_each_countrys_calls_go_to_its_own_service(two_countries):
    http, fiji, tuvalu = two_countries
    asking = {"FJI": learner(fiji, "FJI"), "TUV": learner(tuvalu, "TUV")}
    for title, (country, headers) in zip(TITLES, asking.items(), strict=True):
        made = await http.post(f"/v1/countries/{country}/books", json={"title": title}, headers=headers)
        assert made.status_code == 200, made.text
    for title, (country, headers) in zip(TITLES, asking.items(), strict=True):
        listed = (await http.get(f"/v1/countries/{country}/books", headers=headers)).json()
        assert [book["title"] for book in listed["books"]] == [title]


async def test_a_token_stays_with_the_node_that_gave_it(two_countries):
    http, fiji, _ = two_countries
    # As Fiji's own service answers, which does not let its people into Tuvalu's names.
    refused = await http.get("/v1/countries/TUV/books", headers=learner(fiji, "FJI"))
    assert refused.status_code in (401, 403, 404), refused.text


@pytest.mark.parametrize(
    "authorization",
    [b"", b"Bearer", b"Bearer a.b", b"Bearer a.!!!.c", b"Bearer a.W10.c", b"Bearer a.\xff.c", b"Basic YTpi"],
    ids=range(7),
)
def test_what_is_no_token_says_nothing(authorization):
    assert claims_of(authorization) == {}


def test_a_token_says_whose_it_is():
    claims = {"iss": "https://tuv.example", "country": "TUV"}
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    assert claims_of(b"DPoP a." + body + b".c") == claims
