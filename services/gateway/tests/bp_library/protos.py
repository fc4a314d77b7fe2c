"""Compiles the tests' own protos when it is imported, and makes them importable as `bluepacific.library.v1`."""

import atexit
import shutil
import sys
import tempfile
from pathlib import Path

import google.api.annotations_pb2
import grpc_tools
from grpc_tools import protoc

_tests = Path(__file__).parents[1]
_out = Path(tempfile.mkdtemp(prefix="bp-library-"))
atexit.register(shutil.rmtree, _out, ignore_errors=True)
_status = protoc.main(
    [
        "protoc",
        f"-I{_tests / 'protos'}",
        f"-I{_tests.parents[2] / 'protos'}",
        f"-I{Path(google.api.annotations_pb2.__file__).parents[2]}",
        f"-I{Path(grpc_tools.__file__).parent / '_proto'}",
        f"--python_out={_out}",
        f"--grpc_python_out={_out}",
        f"--descriptor_set_out={_out / 'all.binpb'}",
        "--include_imports",
        "--include_source_info",
        "bluepacific/library/v1/everything.proto",
        "bluepacific/library/v1/book.proto",
    ]
)
if _status:
    raise RuntimeError("the library's protos do not compile")
sys.path.append(str(_out))
# The descriptor set, comments included.
DESCRIPTORS = (_out / "all.binpb").read_bytes()
