"""What a person is told when a region cannot be: one clear line, and an exit code that is not zero."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess

import pytest
from region_under_test import Region, bluepacific, free_ports

MOUNTS = pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="mounting takes root")


@contextlib.contextmanager
def mounted(place, options):
    """A small file system of its own within the block."""
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this container may not mount")
    try:
        yield
    finally:
        subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize(
    ("offset", "whose"),
    [(0, "the gateway of PTCCC"), (1, "the centre's link"), (100, "the gateway of Fiji"), (None, "the mail catcher")],
)
def test_a_taken_port(tmp_path, offset, whose):
    base, mail = free_ports()
    port = mail if offset is None else base + offset
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        ran = bluepacific(*Region(tmp_path / "state", base, mail).arguments)
    assert ran.one_line, ran.err
    assert f"port {port}" in ran.err
    assert whose in ran.err
    assert "another program has it" in ran.err


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "state").write_text("in the way")
    ran = bluepacific(*Region(tmp_path / "state").arguments)
    assert ran.one_line, ran.err
    assert "a file of that name is in the way" in ran.err
    assert (tmp_path / "state").read_text() == "in the way"


def test_a_file_within_the_path(tmp_path):
    (tmp_path / "file").write_text("in the way")
    ran = bluepacific(*Region(tmp_path / "file" / "state").arguments)
    assert ran.one_line, ran.err
    assert "a part of its path is a file" in ran.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_somebody_else(tmp_path):
    tmp_path.chmod(0o500)
    ran = bluepacific(*Region(tmp_path / "state").arguments)
    assert ran.one_line, ran.err
    assert "this user may not write there" in ran.err


@MOUNTS
def test_a_read_only_disk(tmp_path):
    with mounted(tmp_path / "disk", "ro,size=1m"):
        ran = bluepacific(*Region(tmp_path / "disk" / "state").arguments)
    assert ran.one_line, ran.err
    assert "its disk is read-only" in ran.err


@MOUNTS
def test_no_disk_space(tmp_path):
    with mounted(tmp_path / "disk", "size=8m"):
        ran = bluepacific(*Region(tmp_path / "disk" / "state").arguments)
        assert not list((tmp_path / "disk" / "state").glob("*/node.toml"))
    assert ran.one_line, ran.err
    assert "no disk space" in ran.err


def test_no_region_to_play_in(tmp_path):
    ran = bluepacific("scenario", "--state", tmp_path)
    assert ran.one_line, ran.err
    assert "no region has been started" in ran.err


def test_a_region_that_has_stopped(tmp_path):
    (tmp_path / "people.json").write_text("{}")
    document = {"control": str(tmp_path / "gone.sock"), "people": str(tmp_path / "people.json"), "nodes": {"ton": {}}}
    (tmp_path / "region.json").write_text(json.dumps(document))
    ran = bluepacific("scenario", "--state", tmp_path)
    assert ran.one_line, ran.err
    assert "is `bluepacific region` running?" in ran.err
