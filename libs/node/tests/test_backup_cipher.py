from __future__ import annotations

import io
import tarfile

import pytest

from bp_node.backup import cipher
from bp_node.backup.archive import unpack
from bp_node.backup.cipher import CHUNK_BYTES, HEADER_BYTES, TAG_BYTES, ArchiveError, SealedReader, SealedWriter
from bp_node.backup.contents import MANIFEST, Manifest, has_place

PASSPHRASE = "five words are quite enough"
MANIFEST_BYTES = Manifest("fji", "FJI", "0.1.0", "2026-11-25T00:00:00+00:00", 1, {}).to_bytes()


@pytest.fixture(autouse=True, scope="module")
def cheap():
    """The cost stands in each header, so these archives may be cheap; what a real one costs is tried where a node is backed up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cipher, "_MEMORY_KIB", 64)
        yield


def sealed(*parts):
    file = io.BytesIO()
    writer = SealedWriter(file, PASSPHRASE)
    for part in parts:
        writer.write(part)
    writer.finish()
    return file.getvalue()


def opened(raw, passphrase=PASSPHRASE, size=1000):
    reader = SealedReader(io.BytesIO(raw), passphrase)
    return b"".join(iter(lambda: reader.read(size), b""))


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_what_is_written_is_read_whatever_the_cuts(size):
    plain = bytes(index % 251 for index in range(size))
    raw = sealed(plain[: size // 3], plain[size // 3 :])
    assert len(raw) == HEADER_BYTES + size + TAG_BYTES * max(1, -(-size // CHUNK_BYTES))
    assert opened(raw, size=CHUNK_BYTES + 7) == plain


@pytest.fixture(scope="module")
def long(cheap):
    return sealed(b"x" * (2 * CHUNK_BYTES + 100))


@pytest.mark.parametrize(
    "length",
    [HEADER_BYTES, HEADER_BYTES + CHUNK_BYTES + TAG_BYTES, HEADER_BYTES + CHUNK_BYTES + TAG_BYTES + 1000, -1],
    ids=["all but the header", "at the edge of a chunk", "within a chunk", "the last byte"],
)
def test_cut_off_anywhere_is_told(long, length):
    with pytest.raises(ArchiveError, match="is cut off, or a part of it was changed"):
        opened(long[:length])


@pytest.mark.parametrize("at", [HEADER_BYTES, HEADER_BYTES + CHUNK_BYTES + TAG_BYTES + 5, -1])
def test_any_changed_byte_is_told(long, at):
    changed = bytearray(long)
    changed[at] ^= 1
    with pytest.raises(ArchiveError, match="changed"):
        opened(bytes(changed))


def test_chunks_cannot_be_moved_or_added(long):
    size = CHUNK_BYTES + TAG_BYTES
    head, first, second, last = (
        long[:HEADER_BYTES],
        long[HEADER_BYTES : HEADER_BYTES + size],
        long[HEADER_BYTES + size : HEADER_BYTES + 2 * size],
        long[HEADER_BYTES + 2 * size :],
    )
    for raw in (head + second + first + last, head + first + first + second + last, long + b"\0", long + long):
        with pytest.raises(ArchiveError, match="changed"):
            opened(raw)


@pytest.mark.parametrize("at", [0, 30, 40, HEADER_BYTES - 1])
def test_another_passphrase_or_header_opens_nothing(long, at):
    with pytest.raises(ArchiveError, match="the passphrase is another"):
        SealedReader(io.BytesIO(long), PASSPHRASE + ".")
    changed = bytearray(long)
    changed[at] ^= 1
    with pytest.raises(ArchiveError):
        SealedReader(io.BytesIO(bytes(changed)), PASSPHRASE)


@pytest.mark.parametrize("raw", [b"", b"bluepacific backup\n", b"PK\3\4" + bytes(200), bytes(500)])
def test_what_is_no_archive(raw):
    with pytest.raises(ArchiveError, match="is not a backup of a node"):
        SealedReader(io.BytesIO(raw), PASSPHRASE)


def test_a_newer_format_is_told(long):
    newer = bytearray(long)
    newer[19:21] = (2).to_bytes(2)
    with pytest.raises(ArchiveError, match="is of format 2, which only a newer release reads"):
        SealedReader(io.BytesIO(bytes(newer)), PASSPHRASE)


def test_an_invented_cost_does_not_eat_the_machine(long):
    costly = bytearray(long)
    costly[21:25] = (2**32 - 1).to_bytes(4)
    with pytest.raises(ArchiveError, match="is not a backup of a node"):
        SealedReader(io.BytesIO(bytes(costly)), PASSPHRASE)


def tar_of(*entries, manifest=MANIFEST_BYTES):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        if manifest is not None:
            head = tarfile.TarInfo(MANIFEST)
            head.size = len(manifest)
            tar.addfile(head, io.BytesIO(manifest))
        for name, kind in entries:
            entry = tarfile.TarInfo(name)
            entry.type = kind
            entry.linkname = "/etc/passwd"
            tar.addfile(entry)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../evil", tarfile.REGTYPE),
        ("keys/../../evil", tarfile.REGTYPE),
        ("/etc/cron.d/evil", tarfile.REGTYPE),
        ("keys/.ssh/evil", tarfile.REGTYPE),
        ("node.toml\n", tarfile.REGTYPE),
        ("data/other.sqlite", tarfile.REGTYPE),
        ("run/node.json", tarfile.REGTYPE),
        ("node.toml", tarfile.SYMTYPE),
        ("node.toml", tarfile.LNKTYPE),
        ("keys", tarfile.DIRTYPE),
        ("keys/x", tarfile.FIFOTYPE),
    ],
)
def test_nothing_is_written_that_has_no_place_in_a_node(tmp_path, name, kind):
    place = tmp_path / "outer" / "node"
    place.mkdir(parents=True)
    with pytest.raises(ArchiveError, match="has no place in a node"):
        unpack(SealedReader(io.BytesIO(sealed(tar_of((name, kind)))), PASSPHRASE), place, lambda _: None)
    assert [file for file in tmp_path.rglob("*") if not file.is_dir()] == []


def test_a_name_that_comes_twice_is_refused(tmp_path):
    raw = sealed(tar_of(("keys/x", tarfile.REGTYPE), ("keys/x", tarfile.REGTYPE)))
    with pytest.raises(FileExistsError):
        unpack(SealedReader(io.BytesIO(raw), PASSPHRASE), tmp_path, lambda _: None)


@pytest.mark.parametrize("manifest", [None, b"", b"[]", b"{}", b'{"node_id": 1', b"x" * 100_000])
def test_an_archive_needs_its_manifest(tmp_path, manifest):
    raw = sealed(tar_of(("keys/x", tarfile.REGTYPE), manifest=manifest))
    with pytest.raises(ArchiveError, match="has no readable manifest"):
        unpack(SealedReader(io.BytesIO(raw), PASSPHRASE), tmp_path, lambda _: None)


def test_places():
    digest = "0a" * 32
    for name in ("node.toml", "enrolment.txt", "keys/exchange/sign.key", "data/identity.sqlite", f"sealed/{digest}"):
        assert has_place(name)
    assert has_place(f"blobs/0a/{digest}")
    assert not has_place(f"blobs/0a/{digest}.part")
