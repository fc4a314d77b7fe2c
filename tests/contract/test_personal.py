"""Personal data: whoever marks a field answers for it, and no table is forgotten."""

from __future__ import annotations

from importlib import import_module

import pytest
from google.api import annotations_pb2

from bluepacific.options.v1 import options_pb2
from bp_kit.personal import is_personal, personal_messages
from bp_kit.rpc.methods import method_of
from bp_kit.tables import kit_tables
from tests.contract.protos import messages_under, our_methods

SERVICES = sorted(personal_messages())
each_service = pytest.mark.parametrize("service", SERVICES)
# What people see of themselves, or of what they just did.
_OWN = {
    "bluepacific.identity.v1.OfficerService.GetMe",
    "bluepacific.notifications.v1.NotificationService.GetNotification",
    "bluepacific.notifications.v1.NotificationService.ListNotifications",
    "bluepacific.notifications.v1.NotificationService.WatchNotifications",
    "bluepacific.training.v1.CredentialService.ListCredentials",
    "bluepacific.training.v1.EnrolmentService.ListStatements",
}


def holdings_of(service):
    """Returns what a service says that it holds, without running it."""
    found = import_module(f"bp_{service}.adapters.holdings")
    if hasattr(found, "HOLDINGS"):
        return found.HOLDINGS
    return getattr(found, f"{service.title()}Holdings")(None)


def tables_of(service):
    for room in ("tables", "sign_in_tables", "subject_tables"):
        try:
            base = import_module(f"bp_{service}.adapters.{room}").Base
        except (ModuleNotFoundError, AttributeError):
            continue
    return frozenset(base.metadata.tables) - {table.name for table in kit_tables(base.metadata)}


@each_service
def test_it_answers_for_every_message_with_marked_fields(service):
    assert personal_messages()[service] <= holdings_of(service).kinds


@each_service
def test_it_says_of_every_table_whether_it_is_about_people(service):
    holdings, tables = holdings_of(service), tables_of(service)
    assert holdings.tables | holdings.nobody == tables
    assert not holdings.tables & holdings.nobody


@each_service
def test_it_listens_to_what_is_asked(service):
    source = import_module(f"bp_{service}.app")
    assert hasattr(source, "SubjectDesk"), "build() hands nothing to the desk"


def _shows(method):
    return any(is_personal(message) for message in messages_under(method.output_type))


SHOWING = [one for one in our_methods() if _shows(one) and one.GetOptions().Extensions[annotations_pb2.http].get]


@pytest.mark.parametrize("method", SHOWING, ids=lambda method: method.full_name)
def test_a_read_of_personal_data_goes_to_the_log(method):
    if method.full_name in _OWN:
        return
    assert method.GetOptions().Extensions[options_pb2.audit] != options_pb2.AUDIT_NONE
    assert method_of(f"/{method.containing_service.full_name}/{method.name}").shows_personal
