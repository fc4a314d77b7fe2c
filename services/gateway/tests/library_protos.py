"""Compiles the tests' own protos, once a process, and makes them importable as `bluepacific.library.v1`."""

from __future__ import annotations

import sys
import tempfile
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import google.api.annotations_pb2
from grpc_tools import protoc

HERE = Path(__file__).parent
SOURCES = ["bluepacific/library/v1/everything.proto", "bluepacific/library/v1/book.proto"]


@lru_cache(maxsize=1)
def compile_library() -> bytes:
    """Returns the descriptor set, comments included."""
    out = Path(tempfile.mkdtemp(prefix="bp-gateway-protos-"))
    includes = [
        HERE / "protos",
        HERE.parents[2] / "protos",
        Path(google.api.annotations_pb2.__file__).parents[2],
        Path(str(files("grpc_tools"))) / "_proto",
    ]
    arguments = [f"-I{include}" for include in includes]
    arguments += [f"--python_out={out}", f"--grpc_python_out={out}", f"--descriptor_set_out={out / 'all.binpb'}"]
    assert protoc.main(["protoc", *arguments, "--include_imports", "--include_source_info", *SOURCES]) == 0
    sys.path.append(str(out))
    return (out / "all.binpb").read_bytes()
