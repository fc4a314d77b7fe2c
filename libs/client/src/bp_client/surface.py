"""The services by name: `surface.cooperation.requests` is `RequestServiceStub`. Found in the installed protos; typed in surface.pyi.

The types are written by `libs/client/tools/write_surface.py` from the same names, and a test holds the two together.
"""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from typing import Any

import bluepacific

_SUFFIX = "_service_pb2_grpc"


class Surface:
    """Areas of the sync client.

    Args:
        channel: A RestChannel, or any `grpc.Channel`.
    """

    def __init__(self, channel: Any) -> None:
        self.channel = channel

    def __getattr__(self, area: str) -> Area:
        if area not in areas():
            raise AttributeError(f"there is no area {area}; there are {', '.join(sorted(areas()))}")
        found = Area(self.channel, area)
        setattr(self, area, found)
        return found


class AsyncSurface(Surface):
    """Areas of the async client.

    Args:
        channel: An AsyncRestChannel, or any `grpc.aio.Channel`.
    """


class Area:
    """The services of one proto package; each is made when it is first used."""

    def __init__(self, channel: Any, area: str) -> None:
        self._channel = channel
        self._area = area

    def __getattr__(self, service: str) -> Any:
        stems = areas()[self._area]
        if service not in stems:
            raise AttributeError(f"{self._area} has no service {service}; it has {', '.join(sorted(stems))}")
        stub = stub_class(self._area, stems[service])(self._channel)
        setattr(self, service, stub)
        return stub


@cache
def areas() -> dict[str, dict[str, str]]:
    """Returns, by area and plural, the stem of each service's module: `{"cooperation": {"requests": "request"}}`."""
    found: dict[str, dict[str, str]] = {}
    for folder in bluepacific.__path__:
        for file in sorted(Path(folder).glob(f"*/v1/*{_SUFFIX}.py")):
            stem = file.stem.removesuffix(_SUFFIX)
            found.setdefault(file.parts[-3], {})[plural(stem)] = stem
    return found


def plural(stem: str) -> str:
    """Returns `countries` for `country`, `access_requests` for `access_request`."""
    if stem.endswith("y") and stem[-2:-1] not in "aeiou":
        return stem[:-1] + "ies"
    return stem + ("es" if stem.endswith(("s", "x", "ch", "sh")) else "s")


def stub_class(area: str, stem: str) -> type[Any]:
    """Returns the generated stub's class."""
    module = importlib.import_module(f"bluepacific.{area}.v1.{stem}{_SUFFIX}")
    wanted = f"{stem.replace('_', '')}servicestub"
    found: type[Any] = next(value for name, value in vars(module).items() if name.lower() == wanted)
    return found
