#!/bin/sh
# Generates libs/protos from protos/: messages, stubs, types, and one descriptor set that keeps the comments.
set -eu
cd "$(dirname "$0")/.."
out=${1:-libs/protos/src}
include=$(.venv/bin/python -c 'import grpc_tools, pathlib; print(pathlib.Path(grpc_tools.__file__).parent / "_proto")')
google=$(.venv/bin/python -c 'import google.api.annotations_pb2 as a, pathlib; print(pathlib.Path(a.__file__).parents[2])')
rm -rf "$out/bluepacific" "$out/buf"
mkdir -p "$out"
PATH="$PWD/.venv/bin:$PATH" .venv/bin/python -m grpc_tools.protoc -I protos -I "$google" -I "$include" \
    --python_out="$out" --grpc_python_out="$out" --mypy_out="quiet:$out" --mypy_grpc_out="quiet:$out" \
    --include_imports --include_source_info --descriptor_set_out="$out/bluepacific-descriptors.binpb" \
    $(find protos -name '*.proto' | LC_ALL=C sort)
mkdir -p "$out/bluepacific/descriptors"
mv "$out/bluepacific-descriptors.binpb" "$out/bluepacific/descriptors/all.binpb"
find "$out" -name '*_pb2_grpc.py*' | while read -r f; do
    case "$f" in *.py) grep -q 'class .*Stub' "$f" || rm -f "$f" "${f}i" ;; esac
done
touch "$out/bluepacific/py.typed"
[ "$out" != libs/protos/src ] || .venv/bin/python libs/client/tools/write_surface.py
