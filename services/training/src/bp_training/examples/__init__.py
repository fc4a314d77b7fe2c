"""A real course, small enough to read: for trying the platform out and for tests."""

from __future__ import annotations

import io
import zipfile
from importlib.resources import files
from importlib.resources.abc import Traversable

NAMES = ("vessel_identity",)
# The oldest moment a zip can tell: the same files then always make the same zip.
_MOMENT = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16


def build_package(name: str = "vessel_identity") -> bytes:
    """Returns an example as a SCORM 1.2 zip, the same bytes each time.

    Args:
        name: One of `NAMES`.

    Raises:
        KeyError: There is no such example.
    """
    if name not in NAMES:
        raise KeyError(name)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        for path, content in sorted(_contents(files(__name__).joinpath(name), "")):
            entry = zipfile.ZipInfo(path, _MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _MODE
            package.writestr(entry, content)
    return written.getvalue()


def _contents(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found = []
    for item in folder.iterdir():
        path = f"{prefix}{item.name}"
        found += _contents(item, f"{path}/") if item.is_dir() else [(path, item.read_bytes())]
    return found
