from __future__ import annotations

import pytest

from tests.contract.node_under_test import running_node


@pytest.fixture(scope="package")
def node(tmp_path_factory):
    """A running node of the centre."""
    with running_node(tmp_path_factory.mktemp("contract")) as found:
        yield found
