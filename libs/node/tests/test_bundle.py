"""Releases on a stick: made, checked and taken by the commands; what is changed, damaged, incomplete or old changes nothing."""

import io
import json
import os
import subprocess
import sys
import tarfile

import pytest
from household import write_private
from hypothesis import given
from hypothesis import strategies as st

from bp_node import registering
from bp_node.bundling import building, installing
from bp_node.bundling.building import Wanted
from bp_node.bundling.manifest import BundleError, require_path
from bp_node.failure import CommandError


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    secret = write_private(folder / "words.txt", "the words of the releaser only\n")
    for name in ("release.key", "other.key"):
        registering.new_key(folder / name, secret, as_json=True)
    return folder


def image(file, layers, extra=()):
    with tarfile.open(file, "w") as tar:
        for name, content in layers.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        for entry in extra:
            tar.addfile(entry)
    return file


@pytest.fixture
def bench(tmp_path, keys):
    """Something to release: an image of two layers, and a chart."""
    base = os.urandom(300_000)
    (tmp_path / "charts/templates").mkdir(parents=True)
    (tmp_path / "charts/Chart.yaml").write_text("name: node\n")
    (tmp_path / "charts/templates/_pod.tpl").write_text("pod\n" * 1000)

    def make(release, code=b"one", since=None, key="release.key", **layers):
        file = image(tmp_path / "node.tar", {"blobs/sha256/base": base, "index.json": b"{}", "blobs/sha256/code": code})
        bundle = tmp_path / f"bundle-{release}"
        wanted = Wanted((file,), (f"charts={tmp_path / 'charts'}",), release, since)
        building.build(bundle, wanted, keys / key, keys / "words.txt", as_json=True)
        return bundle

    return make


def install(bundle, folder, trust=None, *, older=False):
    installing.install(bundle, folder, trust, older=older, as_json=True)


def tree(folder):
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def members(file):
    with tarfile.open(file) as tar:
        return {one.name: tar.extractfile(one).read() for one in tar}


def test_what_was_put_in_comes_out(bench, keys, tmp_path, capsys):
    bundle = bench("1.0.0")
    install(bundle, tmp_path / "r", keys / "release.key.pub")
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    place = tmp_path / "r/releases/1.0.0"
    assert told["folder"] == str(place)
    assert told["images"] == [str(place / "images/node.tar")]
    assert members(place / "images/node.tar") == members(tmp_path / "node.tar")
    assert tree(place / "charts") == tree(tmp_path / "charts")


def test_a_later_release_travels_as_what_changed(bench, keys, tmp_path, capsys):
    first = bench("1.0.0")
    second = bench("1.1.0", code=b"two", since=first)
    whole = bench("1.1.0-whole", code=b"two")
    assert sum(map(len, tree(second / "files").values())) < 100
    install(first, tmp_path / "r", keys / "release.key.pub")
    install(second, tmp_path / "r")
    install(whole, tmp_path / "fresh", keys / "release.key.pub")
    capsys.readouterr()
    assert members(tmp_path / "r/releases/1.1.0/images/node.tar")["blobs/sha256/code"] == b"two"
    assert (tmp_path / "r/releases/1.1.0/images/node.tar").read_bytes() == (
        tmp_path / "fresh/releases/1.1.0-whole/images/node.tar"
    ).read_bytes()
    installing.verify(second, keys / "release.key.pub", as_json=True)
    assert json.loads(capsys.readouterr().out)["since"] == "1.0.0"


def test_only_what_changed_is_not_enough_for_an_empty_machine(bench, keys, tmp_path):
    second = bench("1.1.0", code=b"two", since=bench("1.0.0"))
    with pytest.raises(CommandError, match=r"only what changed since 1\.0\.0, which is not here"):
        install(second, tmp_path / "r", keys / "release.key.pub")
    assert tree(tmp_path / "r") == {}


def test_one_release_to_go_back_to_stays(bench, keys, tmp_path):
    bundles = [bench(f"1.{number}.0", code=b"%d" % number) for number in range(3)]
    for bundle in bundles:
        install(bundle, tmp_path / "r", keys / "release.key.pub")
    assert {one.name for one in (tmp_path / "r/releases").iterdir()} == {"1.1.0", "1.2.0"}
    assert b"0" not in tree(tmp_path / "r/files").values()
    with pytest.raises(CommandError, match="--older"):
        install(bundles[0], tmp_path / "r")
    install(bundles[1], tmp_path / "r", older=True)


def test_an_unsigned_bundle_or_another_key_is_refused(bench, keys, tmp_path):
    bundle = bench("1.0.0")
    with pytest.raises(CommandError, match="whose releases are trusted"):
        install(bundle, tmp_path / "r")
    with pytest.raises(CommandError, match="not signed with the key that is trusted"):
        install(bundle, tmp_path / "r", keys / "other.key.pub")
    assert tree(tmp_path / "r") == {}
    install(bundle, tmp_path / "r", keys / "release.key.pub")
    with pytest.raises(CommandError, match="another key is trusted here already"):
        install(bench("1.1.0", key="other.key"), tmp_path / "r", keys / "other.key.pub")
    with pytest.raises(CommandError, match="not signed with the key that is trusted"):
        install(tmp_path / "bundle-1.1.0", tmp_path / "r")
    (bundle / "manifest.json.sig").unlink()
    with pytest.raises(CommandError, match=r"cannot read .*manifest\.json\.sig"):
        install(bundle, tmp_path / "r")


@pytest.mark.parametrize("at", [0, 100, -1])
def test_what_was_changed_on_the_way_is_refused(bench, keys, tmp_path, at):
    bundle = bench("1.0.0")
    for file in (bundle / "manifest.json", max((bundle / "files").iterdir(), key=lambda one: one.stat().st_size)):
        before = file.read_bytes()
        changed = bytearray(before)
        changed[at] ^= 1
        file.write_bytes(changed)
        for command in (
            lambda: install(bundle, tmp_path / "r", keys / "release.key.pub"),
            lambda: installing.verify(bundle, keys / "release.key.pub", as_json=True),
        ):
            with pytest.raises(CommandError, match=str(bundle)):
                command()
        assert not list((tmp_path / "r/releases").iterdir())
        file.write_bytes(before)
    install(bundle, tmp_path / "r", keys / "release.key.pub")


def test_what_was_damaged_on_this_disk_is_taken_anew(bench, keys, tmp_path):
    bundle = bench("1.0.0")
    install(bundle, tmp_path / "r", keys / "release.key.pub")
    wanted = tree(tmp_path / "r")
    damaged = max((tmp_path / "r/files").iterdir(), key=lambda one: one.stat().st_size)
    damaged.write_bytes(b"\0" * damaged.stat().st_size)
    install(bundle, tmp_path / "r")
    assert tree(tmp_path / "r") == wanted


def test_what_is_no_image_makes_no_bundle(bench, keys, tmp_path):
    link = tarfile.TarInfo("blobs/link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    (tmp_path / "text.tar").write_text("no archive")
    for file, told in (
        (image(tmp_path / "link.tar", {}, [link]), "neither a file nor a folder"),
        (image(tmp_path / "out.tar", {"../out": b"x"}), "no path of a file"),
        (tmp_path / "text.tar", "no archive of an image"),
    ):
        wanted = Wanted((file,), (), "1", None)
        with pytest.raises(CommandError, match=told):
            building.build(tmp_path / "b", wanted, keys / "release.key", keys / "words.txt", as_json=True)
        assert not (tmp_path / "b").exists()
    for wanted, told in (
        (Wanted((), (), "1", None), "nothing was given"),
        (Wanted((), ("charts",), "1", None), "NAME=PATH"),
        (Wanted((), ("charts=nowhere",), "1", None), "not there"),
        (Wanted((), (f"charts={tmp_path}",), "../1", None), "no name of a release"),
    ):
        with pytest.raises(CommandError, match=told):
            building.build(tmp_path / "b", wanted, keys / "release.key", keys / "words.txt", as_json=True)


@given(st.lists(st.sampled_from(["..", ".", "", "a", "a/b", "\0", "\n", "~", "a b", ".hidden", "-x"]), max_size=4))
def test_no_path_leads_out(parts):
    path = "/".join(parts)
    try:
        require_path(path)
    except BundleError:
        return
    assert os.path.normpath(os.path.join("/r", path)).startswith("/r/")  # noqa: PTH118 - what the system makes of it
    assert not {"\0", "\n"} & set(path)


def test_the_commands_speak_for_themselves(bench, keys, tmp_path):
    bundle = bench("1.0.0")
    command = [sys.executable, "-m", "bp_node", "bundle"]
    trust = ["--trust", keys / "release.key.pub"]
    checked = subprocess.run([*command, "verify", bundle, *trust], capture_output=True, text=True, check=True)
    assert "whole, signed with the key" in checked.stdout
    taken = subprocess.run(
        [*command, "install", bundle, "--dir", tmp_path / "r", *trust], capture_output=True, text=True, check=True
    )
    assert f"images import {tmp_path}/r/releases/1.0.0/images/node.tar" in taken.stdout
    refused = subprocess.run([*command, "install", tmp_path], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
