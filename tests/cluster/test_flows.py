"""Who may reach whom: each dial from a pod of Fiji's, open or closed as its policy says."""

from __future__ import annotations

import pytest

from tests.cluster.kube import python_in
from tests.cluster.nodes import RELEASE
from tests.cluster.region_on_cluster import Region

_DIAL = """
import socket, sys
try:
    socket.create_connection(({host!r}, {port}), timeout=4).close()
    sys.stdout.write("open")
except OSError as error:
    sys.stdout.write(type(error).__name__)
"""


@pytest.mark.parametrize(
    ("source", "host", "port", "outcome"),
    [
        ("exchange", "node-link.ptccc.svc.cluster.local", 8101, "open"),
        ("exchange", "node-cooperation.ptccc.svc.cluster.local", 8443, "TimeoutError"),
        ("cooperation", "node-link.ptccc.svc.cluster.local", 8101, "TimeoutError"),
        ("cooperation", "node-exchange", 8444, "open"),
        ("cooperation", "node-training", 8444, "TimeoutError"),
        ("gateway", "node-cooperation", 8443, "open"),
        ("gateway", "node-cooperation", 8444, "TimeoutError"),
        ("gateway", "mail.bp-mail.svc.cluster.local", 2525, "TimeoutError"),
        ("notifications", "mail.bp-mail.svc.cluster.local", 2525, "open"),
        ("gateway", "node-identity.ton-central.svc.cluster.local", 8443, "TimeoutError"),
    ],
    ids=str,
)
def test_only_named_flows_are_open(region: Region, source: str, host: str, port: int, outcome: str) -> None:
    assert "fji" in region.nodes
    said = python_in("fji", f"deploy/{RELEASE}-{source}", _DIAL.format(host=host, port=port))
    assert said == outcome
