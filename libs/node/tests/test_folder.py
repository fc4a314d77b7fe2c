from __future__ import annotations

import errno
import socket
import stat

import pytest

from bp_node import folder
from bp_node.failure import CommandError, bind, told_plainly


def test_made_for_this_user_only(tmp_path):
    place = tmp_path / "node"
    folder.make(place)
    assert {stat.S_IMODE(one.stat().st_mode) for one in (place, *place.iterdir())} == {0o700}
    folder.write_secret(place / "keys" / "x", "secret")
    assert stat.S_IMODE((place / "keys" / "x").stat().st_mode) == 0o600


def test_a_full_disk_is_told_before_anything_is_half_written(tmp_path):
    with pytest.raises(CommandError, match="no disk space"):
        folder.check_space(tmp_path, wanted=2**62)


def test_held_by_one_at_a_time(tmp_path):
    with folder.held(tmp_path), pytest.raises(CommandError, match="in use"), folder.held(tmp_path):
        pass
    with folder.held(tmp_path):
        pass


def test_a_secret_stays_the_same(tmp_path):
    assert folder.secret_of(tmp_path / "s") == folder.secret_of(tmp_path / "s")
    assert len(folder.secret_of(tmp_path / "s")) == 32


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENOSPC, "no space"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "may not write"),
        (errno.EIO, "input/output"),
    ],
)
def test_failures_of_the_file_system_in_words(number, says):
    with pytest.raises(CommandError, match=says), told_plainly("write", "/x"):
        raise OSError(number, "Input/output error")


def test_a_taken_port_in_words():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        with pytest.raises(
            CommandError, match=f"port {port} on 127.0.0.1 is not free for the gateway: another program"
        ):
            bind("127.0.0.1", port, "the gateway")
