"""Makes the root file system of the image: Python, and of the system what Python and the wheels load; no shell, no package manager.

Runs in the image's build stage, with the base's own interpreter: `python image_root.py ROOT /opt/bluepacific`. What of Debian is taken is
written to /var/lib/dpkg/status.d, where scanners of images look.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

_UNUSED = {
    "test",
    "idlelib",
    "lib2to3",
    "tkinter",
    "turtledemo",
    "ensurepip",
    "pydoc_data",
    "site-packages",
    "dist-packages",
    "__pycache__",
}
# Loaded by name when a thread ends; `ldd` does not know.
_BY_NAME = ("libgcc_s.so.1",)
_FILES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/nsswitch.conf", "/etc/os-release", "/usr/lib/os-release")
_LOADED = re.compile(r"(?:=>\s*)?(/\S+) \(0x")


def main(root: Path, virtual: Path) -> None:
    """Fills the folder."""
    binary, library = Path(sys.executable).resolve(), Path(sysconfig.get_path("stdlib"))
    _copy_library(library, root)
    loaded = set(_libraries([binary, *library.rglob("*.so"), *virtual.rglob("*.so*")]))
    taken = {binary, *loaded, *(Path(one) for one in _FILES if Path(one).exists())}
    for file in sorted(taken):
        _copy(file, root)
    # Where the virtual environment expects its interpreter.
    for link in _links(virtual, binary):
        _link(link, binary, root)
    _accounts(root)
    _tell({*taken, library / "os.py", library / "asyncio/base_events.py"}, root)


def _copy_library(library: Path, root: Path) -> None:
    for file in library.rglob("*"):
        inside = file.relative_to(library)
        if file.is_file() and not _UNUSED & set(inside.parts) and not inside.parts[0].startswith("config-"):
            _copy(file, root)


def _libraries(files: Iterable[Path]) -> Iterator[Path]:
    listed = subprocess.run(["ldd", *map(str, files)], capture_output=True, text=True, check=False).stdout
    found = {Path(one) for one in _LOADED.findall(listed)}
    yield from (one for one in found if not one.is_relative_to("/opt"))
    folders = {one.resolve().parent for one in found if not one.is_relative_to("/opt")}
    yield from (folder / name for folder in folders for name in _BY_NAME if (folder / name).exists())


def _copy(file: Path, root: Path) -> None:
    """Copies a file, and each link on the way to it as one."""
    real = file.resolve()
    target = root / real.relative_to("/")
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(real, target)
    if real != file:
        _link(file, real, root)


def _link(link: Path, real: Path, root: Path) -> None:
    target = root / link.relative_to("/")
    # /lib and /lib64 are links to below /usr in Debian, and real folders where we have to make them.
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists() and not target.is_symlink():
        target.symlink_to(real)


def _links(virtual: Path, binary: Path) -> Iterator[Path]:
    """Yields the links of the system that lead from the virtual environment to its interpreter."""
    step = virtual / "bin/python"
    while step != binary:
        if not step.is_relative_to(virtual):
            yield step
        step = step.parent / step.readlink() if step.is_symlink() else binary


def _accounts(root: Path) -> None:
    etc = root / "etc"
    etc.mkdir(exist_ok=True)
    (etc / "passwd").write_text("root:x:0:0:root:/root:/nowhere\nbluepacific:x:10001:10001::/tmp:/nowhere\n")
    (etc / "group").write_text("root:x:0:\nbluepacific:x:10001:\n")
    for name, mode in (("tmp", 0o1777), ("var/lib/bluepacific", 0o755)):
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name).chmod(mode)


def _tell(files: Iterable[Path], root: Path) -> None:
    """Notes which packages of Debian the files are of."""
    folder = root / "var/lib/dpkg/status.d"
    folder.mkdir(parents=True)
    asked = [
        name for file in files for name in {str(file), str(file.resolve()), str(file.resolve()).removeprefix("/usr")}
    ]
    said = subprocess.run(["dpkg", "-S", *sorted(asked)], capture_output=True, text=True, check=False).stdout
    for package in sorted({line.partition(":")[0] for line in said.splitlines()}):
        stanza = subprocess.run(["dpkg-query", "--status", package], capture_output=True, text=True, check=True).stdout
        (folder / package).write_text(stanza)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
