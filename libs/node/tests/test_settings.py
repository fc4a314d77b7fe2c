from __future__ import annotations

import tomllib

import pytest

from bp_node.failure import CommandError
from bp_node.making import split_address
from bp_node.settings import FILE, checked, load, save

VALUES = {"node_id": "fji", "country": "FJI", "mail_from": 'Fiji "NCB" <ncb@police.fj.example>'}


def test_what_is_saved_is_loaded_again_with_each_setting_explained(tmp_path):
    settings = checked(tmp_path, VALUES)
    save(settings)
    assert load(tmp_path) == settings
    text = (tmp_path / FILE).read_text()
    assert "# ISO 3166-1 alpha-3 code of the country it speaks for." in text
    assert "folder" not in tomllib.loads(text)


def test_the_environment_wins(tmp_path, monkeypatch):
    save(checked(tmp_path, VALUES))
    monkeypatch.setenv("BP_NODE__PORT", "9999")
    assert load(tmp_path).port == 9999


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"country": "Fiji"}, "country"),
        ({"node_id": "Fiji!"}, "node_id"),
        ({"port": 0}, "port"),
        ({"port": "x"}, "port"),
        ({"sample_ratio": 2}, "sample_ratio"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_what_cannot_be_is_named(tmp_path, values, names):
    with pytest.raises(CommandError, match=f"setting {names} is wrong"):
        checked(tmp_path, VALUES | values)


def test_broken_toml_is_told(tmp_path):
    (tmp_path / FILE).write_text("node_id = ")
    with pytest.raises(CommandError, match="is not TOML"):
        load(tmp_path)


async def test_no_node_is_told_with_what_to_do(bluepacific, tmp_path):
    for command in (("node", "up"), ("node", "status"), ("migrate",), ("config", "show")):
        ran = await bluepacific(*command, "--dir", tmp_path)
        assert ran.one_line, (command, ran.err)
        assert f"bluepacific node init --dir {tmp_path}" in ran.err


@pytest.mark.parametrize("text", ["", "host", "host:", ":25", "host:0", "host:65536", "host:²", "host:-1"])
def test_what_is_no_address(text):
    with pytest.raises(CommandError, match="--smtp must be host:port"):
        split_address(text, "--smtp")


def test_addresses():
    assert split_address("mail.example:25", "--smtp") == ("mail.example", 25)
    assert split_address("::1:25", "--smtp") == ("::1", 25)
