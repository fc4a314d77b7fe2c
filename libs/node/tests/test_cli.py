from __future__ import annotations

import pytest
from typer.main import get_command

from bp_node.cli import app
from bp_node.settings import checked, save


def commands(group, path=()):
    """Every command of the command line, with its path."""
    yield path, group
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


ALL = list(commands(get_command(app)))


def test_the_promised_commands_are_there():
    paths = {" ".join(path) for path, _ in ALL}
    promised = {
        "region",
        "scenario",
        "trace",
        "migrate",
        "config show",
        "node init",
        "node enrol",
        "node up",
        "node status",
    }
    assert promised <= paths


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) or "bluepacific" for path, _ in ALL])
def test_each_command_and_option_says_what_it_is(path, command):
    assert command.help
    for parameter in command.params:
        assert getattr(parameter, "help", "x"), f"{' '.join(path)} {parameter.name}"


async def test_help_and_version(bluepacific):
    ran = await bluepacific("--help")
    assert ran.code == 0
    assert all(name in ran.out for name in ("region", "node", "scenario", "trace", "config", "migrate"))
    assert (await bluepacific("--version")).out.strip().count(".") == 2


async def test_what_there_is_not_is_a_usage_error(bluepacific):
    ran = await bluepacific("node", "fly")
    assert ran.code == 2
    assert "No such command" in ran.err


async def test_only_the_centre_revokes_and_asks_before(bluepacific, tmp_path):
    save(checked(tmp_path, {"node_id": "fji", "country": "FJI"}))
    assert (await bluepacific("node", "revoke", "ton", "--dir", tmp_path, given="n\n")).code == 1
    ran = await bluepacific("node", "revoke", "ton", "--dir", tmp_path, "--yes")
    assert ran.one_line, ran.err
    assert "only the centre revokes" in ran.err
