import stat
from pathlib import Path

import pytest

from bp_kit.disk import make_folder, sync_folder, write_private


def test_folders_are_made_with_those_above_and_for_this_user_only(tmp_path):
    for _ in range(2):
        make_folder(tmp_path / "a" / "b")
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b")] == [0o700, 0o700]


def test_a_private_file_replaces_or_leaves_alone_and_leaves_no_draft(tmp_path):
    file = tmp_path / "secret"
    write_private(file, b"one", replace=False)
    write_private(file, b"two", replace=False)
    assert file.read_bytes() == b"one"
    write_private(file, b"three", replace=True)
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"three", 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(IsADirectoryError):
        write_private(tmp_path / "taken", b"", replace=True)
    assert [one.name for one in tmp_path.iterdir()] == ["taken"]
    with pytest.raises(NotADirectoryError):
        sync_folder(Path(__file__))
