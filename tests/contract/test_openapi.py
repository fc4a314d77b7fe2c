"""The protos' REST bindings, the gateway's routes and the OpenAPI document are one list (nothing by hand, nothing left out)."""

from __future__ import annotations

import re

import pytest
from google.api import annotations_pb2

from bluepacific.options.v1 import options_pb2
from bp_gateway.app import build_app
from bp_gateway.settings import GatewaySettings
from tests.contract.protos import our_methods

# Routes that no proto describes: OAuth's forms and pages, probes, the developers' pages, the document itself.
OWN = {
    "/.well-known/openid-configuration",
    "/oauth2/jwks.json",
    "/oauth2/authorize",
    "/oauth2/token",
    "/oauth2/revoke",
    "/oauth2/introspect",
    "/oauth2/device_authorization",
    "/oauth2/device",
    "/oauth2/account",
    "/oauth2/recover",
    "/oauth2/upstream",
    "/oauth2/logout",
    "/oauth2/userinfo",
    "/scim/v2/{path:path}",
    "/healthz",
    "/readyz",
    "/docs",
    "/docs/assets/{name}",
    "/docs/errors",
    "/docs/errors/{reason}",
    "/openapi.json",
}
VERBS = ("get", "put", "post", "delete", "patch")


def bindings():
    """Yields (gRPC path, HTTP method, template) of every binding of every method that people may call."""
    for method in our_methods():
        options = method.GetOptions()
        access = options.Extensions[options_pb2.access]
        rule = options.Extensions[annotations_pb2.http]
        for one in (rule, *rule.additional_bindings) if rule.WhichOneof("pattern") else ():
            assert not access.node_only
            assert not access.peer_only
            verb = one.WhichOneof("pattern")
            yield f"/{method.containing_service.full_name}/{method.name}", verb.upper(), getattr(one, verb)


def bare(path):
    """Returns a path with every wildcard as `*`, whoever wrote it: `/v1/{name=a/*}` and `/v1/a/{b}` are `/v1/a/*`."""
    opened = re.sub(r"\{[a-z_.]+=([^}]*)\}", r"\1", path).replace("**", "*")
    return re.sub(r"\{[^}]*\}", "*", opened)


@pytest.fixture(scope="module")
def app():
    return build_app(GatewaySettings(), lambda *_: None)


def test_each_binding_has_its_route_and_each_route_its_binding(app):
    derived = [route for route in app.routes if route.path not in OWN]
    routes = [(route.name, verb, bare(route.path)) for route in derived for verb in route.methods]
    assert sorted(routes) == sorted((path, verb, bare(template)) for path, verb, template in bindings())
    assert {route.path for route in app.routes} - {route.path for route in derived} == OWN


def test_each_binding_has_its_operation_and_each_operation_its_binding(app):
    operations = [
        (verb.upper(), bare(path)) for path, item in app.openapi()["paths"].items() for verb in item if verb in VERBS
    ]
    assert sorted(operations) == sorted((verb, bare(template)) for _, verb, template in bindings())


def test_every_operation_and_parameter_is_documented(app):
    for path, item in app.openapi()["paths"].items():
        for operation in item.values():
            assert operation["summary"], path
            assert operation["description"], path
            for parameter in operation["parameters"]:
                assert parameter["description"], (path, parameter["name"])


def test_every_field_is_documented(app):
    for name, schema in app.openapi()["components"]["schemas"].items():
        if name == "Problem" or name.startswith("google."):
            continue
        for field, described in schema.get("properties", {}).items():
            assert described.get("description") or "$ref" in described, f"{name}.{field}"
