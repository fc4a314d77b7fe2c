"""Fixtures for component tests: one service over real gRPC, on real databases. Loaded as a pytest plugin by the root conftest.

@pytest.fixture
async def service(harness):
async with harness.run(build, CooperationSettings) as under_test:
yield under_test
"""

from bp_kit.testing.harness import Harness, ServiceUnderTest
from bp_kit.testing.topics import Topics

__all__ = ["Harness", "ServiceUnderTest", "Topics"]
