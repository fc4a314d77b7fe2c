"""Zip files for tests: honest ones, and ones that lie."""

import io
import struct
import zipfile

MANIFEST = """<?xml version="1.0"?>
<manifest identifier="m" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
 xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">
<metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>
<organizations default="o"><organization identifier="o"><title>Course</title>
<item identifier="i1" identifierref="r1"><title>One</title><adlcp:masteryscore>80</adlcp:masteryscore></item>
</organization></organizations>
<resources><resource identifier="r1" type="webcontent" adlcp:scormtype="sco" href="one.html?start=1">
<file href="one.html"/></resource></resources></manifest>"""


def files(**more):
    return {"imsmanifest.xml": MANIFEST, "one.html": "<p>One</p>", **more}


def entry(name, *, mode=0o100644, compression=zipfile.ZIP_DEFLATED):
    info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
    info.compress_type = compression
    info.external_attr = mode << 16
    return info


def packed(entries):
    """Returns a zip of (ZipInfo or name, content) pairs, or of a mapping."""
    written = io.BytesIO()
    pairs = entries.items() if isinstance(entries, dict) else entries
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in pairs:
            package.writestr(entry(name) if isinstance(name, str) else name, content)
    return written.getvalue()


def honest(**more):
    return packed(files(**more))


def with_manifest(**changes):
    manifest = MANIFEST
    for old, new in changes.values():
        assert old in manifest
        manifest = manifest.replace(old, new)
    return packed({**files(), "imsmanifest.xml": manifest})


def renamed(content, name, other):
    """Returns a zip with an entry's name replaced by another of the same length, in both places."""
    assert len(name) == len(other)
    return content.replace(name.encode(), other if isinstance(other, bytes) else other.encode())


def directory_patched(content, name, offset, value, size):
    """Returns a zip whose directory says something else about an entry; its local header stays as it is."""
    at = content.rindex(name.encode()) - 46
    assert content[at : at + 4] == b"PK\x01\x02"
    changed = bytearray(content)
    changed[at + offset : at + offset + size] = value.to_bytes(size, "little")
    return bytes(changed)


def overlapping(content):
    """Returns a zip whose second entry's directory record points at the first entry's bytes."""
    second = content.rindex(b"two.html") - 46
    first = content.rindex(b"one.html") - 46
    changed = bytearray(content)
    changed[second + 42 : second + 46] = content[first + 42 : first + 46]
    return bytes(changed)


def huge_directory(content):
    """Returns a zip whose end record promises a directory of a gigabyte."""
    changed = bytearray(content)
    struct.pack_into("<I", changed, len(content) - 10, 1 << 30)
    return bytes(changed)


def huge_wide_directory(content):
    """Returns the same lie, told in a zip64 record before an honest-looking end."""
    wide = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 2, 2, 1 << 30, 0)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, len(content) - 22, 1)
    return content[:-22] + wide + locator + content[-22:]
