"""Fixtures for every test of the workspace."""

pytest_plugins = ["bp_kit.testing.plugin"]
