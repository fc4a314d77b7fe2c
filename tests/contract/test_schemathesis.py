"""Schemathesis over the whole OpenAPI document, against a node with all its services: each answer is as the document says.

Deterministic: the same examples each time, so that a failure can be looked at. No answer is a server error; each refusal is a problem.
"""

from __future__ import annotations

import itertools

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bp_gateway.openapi import openapi_document
from bp_gateway.settings import GatewaySettings
from bp_gateway.surface import packaged_descriptors
from tests.contract.node_under_test import UNIT

DOCUMENT = openapi_document(packaged_descriptors(), GatewaySettings())
WATCHES = "[a-zA-Z]+_Watch[a-zA-Z]+"
schema = schemathesis.openapi.from_dict(DOCUMENT)
calls = schema.exclude(operation_id_regex=WATCHES)
streams = schema.include(operation_id_regex=WATCHES)
FEW_RIGHTS = itertools.cycle(["officer", "learner", ""])
CHECKS = [
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def examples(count):
    return settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
def caller(node):
    """Makes the headers of one of the node's people; nobody's are empty."""
    held = {"": {}}

    def headers_of(officer):
        if officer not in held:
            held[officer] = {"authorization": f"Bearer {node.sign_in(officer)}"}
        return held[officer]

    return headers_of


def is_a_problem(_context, response, _case):
    if response.status_code >= 400:
        assert response.headers["content-type"][0] == "application/problem+json"
        problem = response.json()
        assert problem["status"] == response.status_code
        assert problem["instance"] == f"urn:trace:{response.headers['x-trace-id'][0]}"


def holds(case, node, headers, *more):
    case.call_and_validate(base_url=node.url, headers=headers, checks=[*CHECKS, is_a_problem, *more], timeout=60)


@calls.parametrize()
@examples(10)
def test_one_who_may_do_most(case, node, caller):
    holds(case, node, caller("prober"), negative_data_rejection)


@calls.parametrize()
@examples(3)
def test_those_who_may_do_less(case, node, caller):
    holds(case, node, caller(next(FEW_RIGHTS)))


@streams.parametrize()
@examples(3)
def test_streams(case, node, caller):
    holds(case, node, caller("prober"))


def test_a_method_that_the_document_does_not_name_is_refused(node):
    with httpx2.Client(base_url=node.url) as http:
        for path, item in DOCUMENT["paths"].items():
            concrete = path.replace("{country}", "WSM").replace("{unit}", UNIT).replace("{", "").replace("}", "")
            for verb in {"get", "put", "post", "patch", "delete", "options", "head"} - set(item):
                answer = http.request(verb.upper(), concrete)
                assert answer.status_code == 405, (verb, path)
                assert set(answer.headers["allow"].lower().split(", ")) == set(item), path
