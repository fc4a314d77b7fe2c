"""Writes `bp_client/surface.pyi`: the types of what `surface.py` finds at run time. Run by `tools/generate.sh` after the protos."""

from __future__ import annotations

from pathlib import Path

from google.api import annotations_pb2
from google.protobuf import descriptor_pool

from bp_client import surface

_OUT = Path(surface.__file__).with_suffix(".pyi")
_HEAD = """# Written by libs/client/tools/write_surface.py. Do not edit.

from typing import Any

"""
_TAIL = """def areas() -> dict[str, dict[str, str]]: ...
def plural(stem: str) -> str: ...
def stub_class(area: str, stem: str) -> type[Any]: ...
"""


def text() -> str:
    """Returns the file's text."""
    imports, sync, aio = [], [], []
    classes: list[str] = []
    for area, services in sorted(surface.areas().items()):
        title = area.capitalize()
        modules = {stem: surface.stub_class(area, stem).__name__ for stem in services.values()}
        reachable = {name: stem for name, stem in services.items() if _has_paths(area, stem)}
        if not reachable:
            continue
        for is_async in (False, True):
            members = []
            for attribute, stem in reachable.items():
                module = f"bluepacific.{area}.v1.{stem}_service_pb2_grpc"
                alias = f"_{area}_{stem}"
                if not is_async:
                    imports.append(f"from {module.rpartition('.')[0]} import {stem}_service_pb2_grpc as {alias}")
                name = modules[stem].removesuffix("Stub") + ("AsyncStub" if is_async else "Stub")
                members.append(f"    {attribute}: {alias}.{name}\n")
            prefix = "Async" if is_async else ""
            classes.append(f"class {prefix}{title}:\n{''.join(members)}\n")
            (aio if is_async else sync).append(f"    {area}: {prefix}{title}\n")
    imports += ["from bp_client.async_channel import AsyncRestChannel", "from bp_client.channel import RestChannel"]
    surfaces = _surface("Surface", "RestChannel", sync) + _surface("AsyncSurface", "AsyncRestChannel", aio)
    return _HEAD + "\n".join(imports) + "\n\n" + "".join(classes) + surfaces + _TAIL


def _has_paths(area: str, stem: str) -> bool:
    """Tells whether a gateway serves any of its methods."""
    file = descriptor_pool.Default().FindFileByName(f"bluepacific/{area}/v1/{stem}_service.proto")
    methods = [method for service in file.services_by_name.values() for method in service.methods]
    return any(method.GetOptions().HasExtension(annotations_pb2.http) for method in methods)


def _surface(name: str, channel: str, members: list[str]) -> str:
    return f"class {name}:\n    channel: {channel}\n{''.join(members)}    def __init__(self, channel: {channel}) -> None: ...\n\n"


if __name__ == "__main__":
    _OUT.write_text(text(), encoding="utf-8")
