"""Compiles the test's proto when it is imported."""

import atexit
import importlib
import shutil
import sys
import tempfile
from pathlib import Path

import google.api.annotations_pb2
import grpc_tools
from grpc_tools import protoc

_here = Path(__file__).parent
_out = Path(tempfile.mkdtemp(prefix="bp-shelf-"))
atexit.register(shutil.rmtree, _out, ignore_errors=True)
_root = _here.parents[3]
_google = Path(google.api.annotations_pb2.__file__).parents[2]
_status = protoc.main(
    [
        "protoc",
        f"-I{_here}",
        f"-I{_root / 'protos'}",
        f"-I{_google}",
        f"-I{Path(grpc_tools.__file__).parent / '_proto'}",
        f"--python_out={_out}",
        f"--grpc_python_out={_out}",
        str(_here / "book_service.proto"),
    ]
)
if _status:
    raise RuntimeError("book_service.proto does not compile")
sys.path.insert(0, str(_out))
pb2 = importlib.import_module("book_service_pb2")
grpc_ = importlib.import_module("book_service_pb2_grpc")
