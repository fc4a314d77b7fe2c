"""What each method must say of itself, and the conventions of names, lists and changes (AIP-122 to 193)."""

from __future__ import annotations

import re

import pytest
from google.api import annotations_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass

from bluepacific.identity.v1 import client_pb2, role_pb2
from bluepacific.options.v1 import options_pb2
from bp_kit.rpc.methods import method_of, values_at
from bp_kit.rpc.waited import may_wait
from buf.validate import validate_pb2
from tests.contract.protos import our_methods

ROLES = {name.removeprefix("ROLE_").lower() for name, number in role_pb2.Role.items() if number}


METHODS = our_methods()
each_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.full_name)


def http_of(method):
    return method.GetOptions().Extensions[annotations_pb2.http]


def access_of(method):
    return method.GetOptions().Extensions[options_pb2.access]


def path_of(method):
    rule = http_of(method)
    return getattr(rule, rule.WhichOneof("pattern")) if rule.WhichOneof("pattern") else ""


@each_method
def test_says_who_may_call_in_exactly_one_way(method):
    access = access_of(method)
    ways = [access.public, bool(access.roles), access.node_only, access.peer_only]
    assert ways.count(True) == 1
    assert set(access.roles) <= ROLES
    area = method.full_name.split(".")[1]
    assert re.fullmatch(rf"{area}(\.[a-z][A-Za-z_-]*){{2}}", access.permission), access.permission


def test_clients_can_be_granted_every_scope_that_a_method_asks_for():
    asked = {method_of(_grpc_path(method)).scope for method in METHODS if access_of(method).roles}
    own = {access_of(method).client_scope for method in METHODS} - {""}
    field = client_pb2.Client.DESCRIPTOR.fields_by_name["scopes"]
    rules = field.GetOptions().Extensions[validate_pb2.field].repeated.items.string
    assert set(getattr(rules, "in")) == asked | {f"{scope}.read" for scope in asked - own}


def test_a_second_person_is_asked_for_fields_and_values_that_there_are():
    for method in METHODS:
        when = access_of(method).second_person_when
        if when.field:
            empty = GetMessageClass(method.input_type)()
            assert values_at(empty, when.field) == []
            *parents, last = when.field.split(".")
            kind = method.input_type
            for name in parents:
                kind = kind.fields_by_name[name].message_type
            assert set(when.values) <= set(kind.fields_by_name[last].enum_type.values_by_name)


WAITING = [one for one in METHODS if one.GetOptions().Extensions[options_pb2.queue].seconds]
# What is the same however often it is done: statements have ids of their own, what was read stays read.
_ONE_BY_NATURE = {"RecordStatements", "MarkNotificationRead", "MarkAllNotificationsRead"}


@pytest.mark.parametrize("method", WAITING, ids=lambda method: method.full_name)
def test_a_call_that_may_wait_is_the_callers_own_affair_and_can_be_made_twice(method):
    queue, access = method.GetOptions().Extensions[options_pb2.queue], access_of(method)
    assert queue.seconds <= 86400, "identity keeps its keys for an hour longer"
    assert access.roles
    assert not access.purpose_required
    assert not access.second_person
    assert not access.second_person_when.field
    assert not access.visitors
    assert not access.client_scope
    assert access.scope != options_pb2.SCOPE_ANY_COUNTRY
    assert not method.name.startswith(("Create", "Delete"))
    assert http_of(method).post or http_of(method).patch
    known = method_of(_grpc_path(method))
    empty = GetMessageClass(method.input_type)()
    assert may_wait(known, empty) is not bool(queue.only_with)
    if method.name not in _ONE_BY_NATURE:
        assert "request_id" in queue.only_with
    if method.name.startswith("Update"):
        assert any(path.endswith(".etag") for path in queue.only_with), "would overwrite what came meanwhile"


def _grpc_path(method):
    return f"/{method.containing_service.full_name}/{method.name}"


@each_method
def test_says_what_is_kept_of_a_call(method):
    options = method.GetOptions()
    assert options.HasExtension(options_pb2.audit)
    assert options.Extensions[options_pb2.audit] != options_pb2.AUDIT_UNSPECIFIED


@each_method
def test_people_reach_it_by_rest_and_nodes_do_not(method):
    access = access_of(method)
    # What asks for a scope of its own is called by programs, at paths that the gateway has for them.
    if access.roles and not access.client_scope:
        assert path_of(method)
    if access.node_only or access.peer_only:
        assert not path_of(method)


@each_method
def test_its_path_is_versioned_and_names_resources(method):
    path = path_of(method)
    if not path:
        return
    assert path.startswith("/v1/")
    for pattern in re.findall(r"\{(?:[a-z_.]*\.)?(?:name|parent)=([^}]+)\}", path):
        assert pattern.startswith("countries/")


@each_method
def test_the_name_it_is_about_can_only_be_a_countrys(method):
    """The pipeline leaves names of no country to this rule."""
    named = method_of(f"/{method.containing_service.full_name}/{method.name}")
    message, rules = method.input_type, None
    for step in named.name_path:
        field = message.fields_by_name[step]
        rules, message = field.GetOptions().Extensions[validate_pb2.field].string, field.message_type
    if rules and not (named.access.public or named.access.scope == options_pb2.SCOPE_ANY_COUNTRY):
        assert rules.pattern.startswith("^countries/")


@each_method
def test_a_get_changes_nothing_and_has_no_body(method):
    rule = http_of(method)
    if rule.get:
        assert not rule.body
    if method.name.startswith(("Get", "List", "Watch", "Download")) and path_of(method):
        assert rule.get


@each_method
def test_a_list_has_pages(method):
    if not method.name.startswith("List"):
        return
    fields = method.output_type.fields_by_name
    asked = method.input_type.fields_by_name
    repeated = [field for field in fields.values() if field.is_repeated and field.name != "unreachable"]
    assert len(repeated) == 1
    assert {"page_size", "page_token"} <= set(asked)
    assert "next_page_token" in fields


@each_method
def test_a_create_can_be_repeated_safely(method):
    if method.name.startswith("Create") and path_of(method):
        assert "request_id" in method.input_type.fields_by_name


@each_method
def test_an_update_names_what_changes_and_what_was_read(method):
    if not method.name.startswith("Update"):
        return
    assert "update_mask" in method.input_type.fields_by_name
    resource = next(
        f for f in method.input_type.fields if f.type == FieldDescriptor.TYPE_MESSAGE and f.name != "update_mask"
    )
    assert "etag" in resource.message_type.fields_by_name


@each_method
def test_an_act_that_is_no_standard_method_is_a_verb(method):
    path = path_of(method)
    standard = method.name.startswith(("Get", "List", "Create", "Update", "Delete", "Watch", "Download"))
    if path and not standard and http_of(method).post:
        assert re.search(r":[a-z][A-Za-z]*$", path), path


def test_permissions_have_one_name_each():
    names = [access_of(method).permission for method in METHODS]
    assert sorted(names) == sorted(set(names))
