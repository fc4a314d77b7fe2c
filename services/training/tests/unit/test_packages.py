import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zips import (
    MANIFEST,
    directory_patched,
    entry,
    files,
    honest,
    huge_directory,
    huge_wide_directory,
    overlapping,
    packed,
    renamed,
    with_manifest,
)

from bp_kit.errors import Refused
from bp_kit.language import LANGUAGES
from bp_kit.reasons import reason_of
from bp_training.adapters.scorm_zip import inspect_package, read_file
from bp_training.domain.package import Lesson, PackageLimits, check_name
from bp_training.examples import build_package

LIMITS = PackageLimits(files=50, unpacked_bytes=4_000_000, ratio=100, manifest_bytes=100_000)
ENTITIES = '<?xml version="1.0"?><!DOCTYPE m [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><m>&b;</m>'
EXTERNAL = '<?xml version="1.0"?><!DOCTYPE m SYSTEM "file:///etc/passwd"><m/>'
DEEP = "<item identifier='d'>" * 30 + "</item>" * 30


def inspected(tmp_path, content, limits=LIMITS):
    file = tmp_path / "package.zip"
    file.write_bytes(content)
    return inspect_package(file, "0" * 64, limits)


def test_an_honest_package_is_taken(tmp_path):
    content = inspected(tmp_path, honest())
    assert content.title == "Course"
    assert content.lessons == (Lesson("i1", "One", "one.html?start=1", 80.0),)
    assert content.file_count == 2
    assert b"".join(read_file(tmp_path / "package.zip", "one.html")) == b"<p>One</p>"


def test_the_example_is_taken_and_always_the_same(tmp_path):
    assert build_package() == build_package()
    lessons = inspected(tmp_path, build_package()).lessons
    assert [lesson.lesson_id for lesson in lessons] == ["papers-and-paint", "check-a-vessel"]


LIES = {
    "text": (b"not a zip at all", "PACKAGE_NOT_ZIP"),
    "nothing": (b"", "PACKAGE_NOT_ZIP"),
    "an empty zip": (packed({}), "PACKAGE_NOT_ZIP"),
    "only the first bytes": (b"PK\x03\x04" + b"\0" * 100, "PACKAGE_NOT_ZIP"),
    "cut off": (honest()[:-30], "PACKAGE_NOT_ZIP"),
    "another file before it": (b"#!/bin/sh\n" + honest(), "PACKAGE_NOT_ZIP"),
    "a bomb in one entry": (honest(**{"a.bin": b"\0" * 3_000_000}), "PACKAGE_ZIP_BOMB"),
    "large": (
        packed([*files().items(), *((entry(f"{n}", compression=0), b"x" * 900_000) for n in range(5))]),
        "PACKAGE_TOO_LARGE",
    ),
    "many files": (honest(**{f"{number}.txt": "" for number in range(60)}), "PACKAGE_TOO_MANY_FILES"),
    "a directory too large to read": (huge_directory(honest()), "PACKAGE_TOO_MANY_FILES"),
    "the same in zip64": (huge_wide_directory(honest()), "PACKAGE_TOO_MANY_FILES"),
    "a way up": (honest(**{"../../evil.html": "x"}), "PACKAGE_PATH_ESCAPES"),
    "a way up in the middle": (honest(**{"a/../../evil.html": "x"}), "PACKAGE_PATH_ESCAPES"),
    "a way up for Windows": (honest(**{"a\\..\\..\\evil.html": "x"}), "PACKAGE_PATH_ESCAPES"),
    "an absolute path": (honest(**{"/etc/passwd": "x"}), "PACKAGE_PATH_ABSOLUTE"),
    "a drive": (honest(**{"C:/evil.html": "x"}), "PACKAGE_PATH_ABSOLUTE"),
    "a share": (honest(**{"\\\\host\\share": "x"}), "PACKAGE_PATH_ABSOLUTE"),
    "a backslash": (honest(**{"a\\b.html": "x"}), "PACKAGE_PATH_UNREADABLE"),
    "a NUL": (
        renamed(honest(**{"evil.html!.png": "x"}), "evil.html!.png", b"evil.html\0.png"),
        "PACKAGE_PATH_UNREADABLE",
    ),
    "a long name": (honest(**{"a" * 300: "x"}), "PACKAGE_PATH_UNREADABLE"),
    "a link": (packed([*files().items(), (entry("link", mode=0o120777), "/etc/passwd")]), "PACKAGE_HAS_LINK"),
    "a device": (packed([*files().items(), (entry("device", mode=0o020666), "")]), "PACKAGE_HAS_LINK"),
    "the same name twice": (renamed(honest(**{"two.html": "x"}), "two.html", "one.html"), "PACKAGE_DUPLICATE_NAME"),
    "the same name in capitals": (honest(**{"ONE.html": "x"}), "PACKAGE_DUPLICATE_NAME"),
    "the same name by accents": (honest(**{"caf\u00e9.html": "x", "cafe\u0301.html": "y"}), "PACKAGE_DUPLICATE_NAME"),
    "encrypted": (directory_patched(honest(), "one.html", 8, 1, 2), "PACKAGE_ENCRYPTED"),
    "another compression": (
        packed([*files().items(), (entry("x", compression=zipfile.ZIP_BZIP2), "x")]),
        "PACKAGE_COMPRESSION_UNKNOWN",
    ),
    "a false size": (directory_patched(honest(), "one.html", 24, 500, 4), "PACKAGE_CORRUPT"),
    "a size that hides the rest": (directory_patched(honest(), "one.html", 24, 2, 4), "PACKAGE_CORRUPT"),
    "a false checksum": (directory_patched(honest(), "one.html", 16, 1, 4), "PACKAGE_CORRUPT"),
    "another name inside": (
        directory_patched(honest(**{"two.html": "x"}), "two.html", 46, ord("x"), 1),
        "PACKAGE_CORRUPT",
    ),
    "entries that share bytes": (overlapping(honest(**{"two.html": "x"})), "PACKAGE_CORRUPT"),
    "no manifest": (packed({"one.html": "x"}), "PACKAGE_MANIFEST_MISSING"),
    "a manifest elsewhere": (packed({"course/imsmanifest.xml": MANIFEST}), "PACKAGE_MANIFEST_MISSING"),
    "a manifest that is not XML": (packed({**files(), "imsmanifest.xml": "<manifest"}), "PACKAGE_MANIFEST_UNREADABLE"),
    "a manifest in no encoding": (
        packed({**files(), "imsmanifest.xml": '<?xml version="1.0" encoding="nonsense"?><m/>'}),
        "PACKAGE_MANIFEST_UNREADABLE",
    ),
    "a large manifest": (
        packed(
            [(entry("imsmanifest.xml", compression=0), MANIFEST + "<!--" + "x" * 100_000 + "-->"), ("one.html", "x")]
        ),
        "PACKAGE_MANIFEST_UNREADABLE",
    ),
    "entities": (packed({**files(), "imsmanifest.xml": ENTITIES}), "PACKAGE_MANIFEST_UNSAFE"),
    "an external document type": (packed({**files(), "imsmanifest.xml": EXTERNAL}), "PACKAGE_MANIFEST_UNSAFE"),
    "SCORM 2004": (
        with_manifest(version=("1.2</schemaversion>", "2004 4th Edition</schemaversion>")),
        "PACKAGE_NOT_SCORM_12",
    ),
    "another schema": (with_manifest(schema=("ADL SCORM", "IMS Content")), "PACKAGE_NOT_SCORM_12"),
    "another namespace": (with_manifest(namespace=("imscp_rootv1p1p2", "imscp_v1p1")), "PACKAGE_NOT_SCORM_12"),
    "a missing file": (
        with_manifest(file=('<file href="one.html"/>', '<file href="two.html"/>')),
        "PACKAGE_FILE_MISSING",
    ),
    "a missing launch file": (
        with_manifest(launch=('href="one.html?start=1"', 'href="none.html"')),
        "PACKAGE_FILE_MISSING",
    ),
    "a launch file outside": (
        with_manifest(launch=('href="one.html?start=1"', 'href="../one.html"')),
        "PACKAGE_FILE_MISSING",
    ),
    "a launch file elsewhere": (
        with_manifest(launch=('href="one.html?start=1"', 'href="https://example.org/one.html"')),
        "PACKAGE_FILE_MISSING",
    ),
    "a missing resource": (with_manifest(item=('identifierref="r1"', 'identifierref="r2"')), "PACKAGE_FILE_MISSING"),
    "a missing dependency": (
        with_manifest(dependency=("</resource>", '<dependency identifierref="r2"/></resource>')),
        "PACKAGE_FILE_MISSING",
    ),
    "a missing organisation": (with_manifest(default=('default="o"', 'default="p"')), "PACKAGE_FILE_MISSING"),
    "no lesson": (with_manifest(kind=('scormtype="sco"', 'scormtype="asset"')), "PACKAGE_HAS_NO_LESSON"),
    "a score out of range": (with_manifest(score=(">80<", ">800<")), "PACKAGE_MANIFEST_UNREADABLE"),
    "a score that is no number": (with_manifest(score=(">80<", ">nan<")), "PACKAGE_MANIFEST_UNREADABLE"),
    "items too deep": (
        with_manifest(items=("</organization>", DEEP + "</organization>")),
        "PACKAGE_MANIFEST_UNREADABLE",
    ),
    "the same lesson twice": (
        with_manifest(items=("</organization>", '<item identifier="i1" identifierref="r1"/></organization>')),
        "PACKAGE_MANIFEST_UNREADABLE",
    ),
}


@pytest.mark.parametrize(("content", "reason"), LIES.values(), ids=LIES)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_package_that_lies_is_refused_for_what_it_did(tmp_path, content, reason):
    with pytest.raises(Refused) as refused:
        inspected(tmp_path, content)
    assert refused.value.reason == reason
    texts = reason_of(reason).texts
    assert set(texts) == set(LANGUAGES)
    # Every brace of every text has a value.
    for text in texts.values():
        assert "{" not in text.format_map(refused.value.metadata)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files().items():
            package.writestr(name, content)
        # No entry is large enough to be judged by itself; all together are a bomb.
        for number in range(40):
            package.writestr(f"{number}.bin", b"\0" * 60_000)
    with pytest.raises(Refused, match="PACKAGE_ZIP_BOMB"):
        inspected(tmp_path, written.getvalue())


@given(st.text(max_size=40))
def test_names_that_pass_stay_inside(name):
    try:
        check_name(name)
    except Refused:
        return
    parts = name.split("/")
    assert ".." not in parts
    assert not name.startswith("/")
    assert "\\" not in name
    assert "\0" not in name


@given(st.data())
def test_a_damaged_package_is_refused_or_whole_never_worse(tmp_path_factory, data):
    content = bytearray(honest())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        inspected(tmp_path_factory.mktemp("damaged"), bytes(content))
    except Refused as refused:
        assert refused.reason.startswith("PACKAGE_")
